// Colours for canvas, after the reader's light or dark. Chosen to stay apart for the colour-blind
// (after Okabe and Ito), lighter on dark; percentiles get darker (or brighter) with their rank.

export interface Theme {
  ink: string; faint: string; grid: string; band: string; bandEdge: string; surface: string;
  blue: string; orange: string; green: string; red: string; purple: string;
  ranks: [string, string, string, string, string];
  heat: [number, number, number][];  // From few to many.
}

const light: Theme = {
  ink: '#1d2430', faint: '#667085', grid: '#e8ebf0', band: 'rgba(120,130,150,0.11)',
  bandEdge: 'rgba(90,100,120,0.45)', surface: '#ffffff',
  blue: '#0067b0', orange: '#c25e00', green: '#007a5a', red: '#c8372d', purple: '#8a3f8f',
  ranks: ['#8ec3e6', '#3f97d0', '#0067b0', '#003f7d', '#c25e00'],
  heat: [[226, 238, 247], [150, 199, 226], [74, 150, 199], [24, 96, 160], [8, 41, 94]],
};
const dark: Theme = {
  ink: '#e6e9ef', faint: '#98a2b3', grid: '#29303c', band: 'rgba(150,165,190,0.10)',
  bandEdge: 'rgba(160,175,200,0.45)', surface: '#171c25',
  blue: '#5db1ee', orange: '#f0a04b', green: '#3fc79a', red: '#ff7b6e', purple: '#d391d8',
  ranks: ['#2f6690', '#3f8fca', '#6cb8ee', '#bfe1fa', '#f0a04b'],
  heat: [[28, 44, 66], [28, 83, 128], [44, 135, 182], [116, 194, 214], [236, 249, 214]],
};

const media = window.matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
  return media.matches ? dark : light;
}

export function onThemeChange(then: () => void): void {
  media.addEventListener('change', then);
}

// A colour of the heat scale for 0..1.
export function heatColour(colours: Theme, share: number): string {
  const at = Math.min(Math.max(share, 0), 1) * (colours.heat.length - 1);
  const low = colours.heat[Math.floor(at)]!;
  const high = colours.heat[Math.ceil(at)]!;
  const part = at - Math.floor(at);
  const mix = low.map((value, i) => Math.round(value + (high[i]! - value) * part));
  return `rgb(${mix.join(',')})`;
}
