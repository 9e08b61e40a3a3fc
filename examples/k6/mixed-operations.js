// Creates, reads, changes and deletes a timer in every iteration, with a load that ramps up and down.
//
//   brunt run examples/k6/mixed-operations.js --map localhost:8080=127.0.0.1:8000 --time-scale 60
import http from 'k6/http';
import { check, group } from 'k6';

export let options = {
  stages: [
    { duration: '2m', target: 100 },
    { duration: '5m', target: 100 },
    { duration: '2m', target: 200 },
    { duration: '5m', target: 200 },
    { duration: '2m', target: 0 },
  ],
};

export default function () {
  const baseUrl = 'http://localhost:8080';
  const groupId = 'load-test';

  group('Timer Operations', function () {
    // Create timer
    const createResponse = http.post(`${baseUrl}/groups/${groupId}/timers`, {
      timerId: `timer-${__VU}-${__ITER}`,
      executeAt: new Date(Date.now() + 3600000).toISOString(),
      callbackUrl: 'https://httpbin.org/post',
      payload: { vu: __VU, iter: __ITER },
    });
    check(createResponse, { 'create status 201': (r) => r.status === 201 });

    if (createResponse.status === 201) {
      const timerId = JSON.parse(createResponse.body).timerId;

      // Get timer
      const getResponse = http.get(`${baseUrl}/groups/${groupId}/timers/${timerId}`);
      check(getResponse, { 'get status 200': (r) => r.status === 200 });

      // Update timer
      const updateResponse = http.put(`${baseUrl}/groups/${groupId}/timers/${timerId}`, {
        executeAt: new Date(Date.now() + 7200000).toISOString(),
      });
      check(updateResponse, { 'update status 200': (r) => r.status === 200 });

      // Delete timer
      const deleteResponse = http.del(`${baseUrl}/groups/${groupId}/timers/${timerId}`);
      check(deleteResponse, { 'delete status 204': (r) => r.status === 204 });
    }
  });
}
