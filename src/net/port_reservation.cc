#include "net/port_reservation.h"

#include <sys/socket.h>

#include <cerrno>

namespace brunt {
namespace {

Result<OwnedDescriptor> bind_to(const Endpoint& at, bool shares) {
  const std::string where = "listen at " + at.text();
  OwnedDescriptor socket(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.open()) return std::unexpected(errno_error(where, errno));
  const int on = 1;
  ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shares) ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(socket.number(), at.address(), at.size()) != 0)
    return std::unexpected(errno_error(where, errno));
  return socket;
}

}  // namespace

Result<PortReservation> PortReservation::take(const Endpoint& at) {
  // One who listens there, also one who would share, is in the way of this.
  if (at.port() != 0) TRY(bind_to(at, false));
  OwnedDescriptor socket = TRY(bind_to(at, true));
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return std::unexpected(errno_error("listen at " + at.text(), errno));
  const auto endpoint = Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), size);
  return PortReservation(std::move(socket), endpoint);
}

}  // namespace brunt
