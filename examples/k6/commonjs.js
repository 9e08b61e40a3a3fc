// The older form of a script: require() and module.exports.
//
//   brunt run examples/k6/commonjs.js -e BASE=http://localhost:8080
const http = require('k6/http');
const { check } = require('k6');
const { pick } = require('./lib/pick.js');

module.exports.options = { iterations: 3, thresholds: { checks: ['rate==1'] } };

module.exports.default = function () {
  const response = http.get(`${__ENV.BASE}${pick(['/', '/?page=2'], __ITER)}`);
  check(response, { 'is 200': (r) => r.status === 200 });
};
