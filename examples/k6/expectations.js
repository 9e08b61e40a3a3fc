// Helpers of jslib.k6.io, which brunt has of its own: nothing is fetched from the network.
//
//   brunt run examples/k6/expectations.js -e BASE=http://localhost:8080
import { randomIntBetween, uuidv4 } from 'https://jslib.k6.io/k6-utils/1.4.0/index.js';
import { Httpx } from 'https://jslib.k6.io/httpx/0.1.0/index.js';
import { describe, expect } from 'https://jslib.k6.io/k6chaijs/4.3.4.3/index.js';
import papaparse from 'https://jslib.k6.io/papaparse/5.1.1/index.js';

export const options = { iterations: 3, thresholds: { checks: ['rate==1'] } };

const session = new Httpx({ baseURL: __ENV.BASE, tags: { client: 'httpx' } });

export default function () {
  describe('a shop', () => {
    const response = session.get(`/items?id=${uuidv4()}`, null, { tags: { name: '/items' } });
    expect(response.status, 'status').to.be.above(0);
    expect(randomIntBetween(1, 3)).to.be.within(1, 3);
    expect(papaparse.parse('a,b\n1,2', { header: true }).data).to.deep.equal([{ a: '1', b: '2' }]);
  });
}
