/* A plain blocking client of length-prefixed messages, for comparison with brunt: one connection, one
   message after the other, each after the last one's ACK, which is checked.

     cc -O2 -o blocking_client blocking_client.c
     ./blocking_client -n 1000 -c 7 -s 127.0.0.1 -p 14000

   Prints client_id,connect_time_us,median_rtt_us. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now_us(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static int by_value(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return x < y ? -1 : x > y;
}

static void fail(const char* what) {
  perror(what);
  exit(1);
}

int main(int argc, char** argv) {
  long messages = 10, client = 1, port = 14000;
  const char* server = "127.0.0.1";
  for (int option; (option = getopt(argc, argv, "n:c:s:p:")) != -1;) {
    if (option == 'n') messages = atol(optarg);
    else if (option == 'c') client = atol(optarg);
    else if (option == 's') server = optarg;
    else if (option == 'p') port = atol(optarg);
    else return 2;
  }
  if (messages < 1) return 2;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, server, &address.sin_addr) != 1) return 2;
  double* rtt_us = malloc((size_t)messages * sizeof *rtt_us);
  if (rtt_us == NULL) return 1;

  const double before = now_us();
  const int stream = socket(AF_INET, SOCK_STREAM, 0);
  if (stream < 0 || connect(stream, (struct sockaddr*)&address, sizeof address) != 0) fail("connect");
  const double connect_us = now_us() - before;
  const int one = 1;
  setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);

  enum { header_bytes = 10, payload_bytes = 32, ack_bytes = 8 };
  unsigned char request[header_bytes + payload_bytes], ack[ack_bytes];
  for (long number = 1; number <= messages; ++number) {
    const uint32_t ids[2] = {htonl((uint32_t)client), htonl((uint32_t)number)};
    const uint16_t length = htons(payload_bytes);
    memcpy(request, ids, sizeof ids);
    memcpy(request + 8, &length, sizeof length);
    memset(request + header_bytes, 'a' + (int)(number % 26), payload_bytes);
    const double sent = now_us();
    if (send(stream, request, sizeof request, 0) != (ssize_t)sizeof request) fail("send");
    if (recv(stream, ack, sizeof ack, MSG_WAITALL) != (ssize_t)sizeof ack) fail("recv");
    rtt_us[number - 1] = now_us() - sent;
    if (memcmp(ack, ids, sizeof ids) != 0) {
      fprintf(stderr, "a wrong ACK for message %ld\n", number);
      return 1;
    }
  }
  close(stream);
  qsort(rtt_us, (size_t)messages, sizeof *rtt_us, by_value);
  const double median = messages % 2 ? rtt_us[messages / 2]
                                     : (rtt_us[messages / 2 - 1] + rtt_us[messages / 2]) / 2;
  printf("%ld,%.1f,%.1f\n", client, connect_us, median);
  free(rtt_us);
  return 0;
}
