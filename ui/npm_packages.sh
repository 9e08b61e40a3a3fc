# Sourced by the bundle.sh of a folder beside this one, from there: npm's packages as its lock file names them. `npm ci` runs
# only when that has changed since the last one here, so a build with node_modules in place needs no network.

# Two build folders share node_modules: one installs, the other waits.
exec 9>.bundle.lock
flock 9
want=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ "$(cat node_modules/.installed 2>/dev/null || true)" != "$want" ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  echo "$want" >node_modules/.installed
fi
