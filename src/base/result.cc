#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace brunt {
namespace {

ErrorCode code_of(int number) {
  switch (number) {
    case ECONNREFUSED:
      return ErrorCode::refused;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
      return ErrorCode::reset;
    case ETIMEDOUT:
      return ErrorCode::timeout;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
      return ErrorCode::unreachable;
    case ENOENT:
      return ErrorCode::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::denied;
    case EMFILE:
    case ENFILE:
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case ENOBUFS:
    case EADDRNOTAVAIL:
      return ErrorCode::exhausted;
    case ENOSYS:
    case EOPNOTSUPP:
      return ErrorCode::unsupported;
    default:
      return ErrorCode::io;
  }
}

}  // namespace

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::reset:
      return "reset";
    case ErrorCode::closed:
      return "closed";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::unreachable:
      return "unreachable";
    case ErrorCode::dns:
      return "dns";
    case ErrorCode::tls:
      return "tls";
    case ErrorCode::malformed:
      return "malformed";
    case ErrorCode::too_large:
      return "too_large";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::aborted:
      return "aborted";
    case ErrorCode::invalid:
      return "invalid";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::denied:
      return "denied";
    case ErrorCode::exhausted:
      return "exhausted";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::io:
      return "io";
  }
  return "unknown";
}

Error errno_error(std::string_view what, int number) {
  return Error{code_of(number), std::string(what) + ": " + std::generic_category().message(number)};
}

}  // namespace brunt
