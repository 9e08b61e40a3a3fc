# Sourced by those who take files out of an npm package whose checksum is known.
#
#   unpack_package PLACE PACKAGE@VERSION SHA512 [WHAT]   # into $work/package; ends the script where PLACE is that already
#   mv "$work/package/..." "$PLACE"
#   mark_place
unpack_package() {
  place=$1 wanted="$3${4:+ $4}"
  is_there && exit 0
  mkdir -p "$(dirname "$place")"
  # Two builds may configure at once: one fetches, the other waits.
  exec 9>"$place.lock"
  flock 9
  is_there && exit 0
  work=$(mktemp -d "$place.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack "$2" --silent --ignore-scripts >/dev/null)
  echo "$3  $(echo "$work"/*.tgz)" | sha512sum --check --status || {
    echo "$0: $2 is not what it was: its checksum differs, so it is not used" >&2
    exit 1
  }
  tar -xzf "$work"/*.tgz -C "$work"
}

is_there() { [ "$(cat "$place.mark" 2>/dev/null || true)" = "$wanted" ]; }

mark_place() { echo "$wanted" >"$place.mark"; }
