// The WebSocket of the echo service: messages come back as they were. For echo/ only.
#pragma once
#include "service/echo/echo_request.h"

namespace brunt {

// Parks until the socket is closed. What is no handshake gets 426.
void echo_websocket(EchoRequest& request);
// The same where a WebSocket is asked for, else what was asked as JSON.
void say_or_echo_websocket(EchoRequest& request);

}  // namespace brunt
