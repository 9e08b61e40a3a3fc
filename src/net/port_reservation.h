// A port that is ours, before anybody listens at it: for servers of which several threads or
// processes listen at one port (SO_REUSEPORT) that the kernel chose, and to find out that another
// server has the port already, which SO_REUSEPORT alone would silently share with it.
//
//   auto port = TRY(PortReservation::take(Endpoint::loopback(0)));
//   fork();
//   loop.listen({.at = port.endpoint(), .reuse_port = true});       // in each process
#pragma once
#include "base/result.h"
#include "loop/endpoint.h"
#include "net/owned_descriptor.h"

namespace brunt {

class PortReservation {
 public:
  // Errors: io ("Address already in use"), denied, exhausted; the text names the address.
  static Result<PortReservation> take(const Endpoint& at);

  const Endpoint& endpoint() const { return endpoint_; }  // With the port that was chosen.

 private:
  PortReservation(OwnedDescriptor socket, const Endpoint& endpoint)
      : socket_(std::move(socket)), endpoint_(endpoint) {}

  OwnedDescriptor socket_;
  Endpoint endpoint_;
};

}  // namespace brunt
