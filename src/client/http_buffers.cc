#include "client/http_buffers.h"

#include <utility>

#include "base/assert.h"

namespace brunt {

void HttpBufferReturn::operator()(HttpMessage* message) const {
  home->take_back(std::unique_ptr<HttpMessage>(message));
}

void HttpBufferReturn::operator()(std::string* text) const {
  home->take_back(std::unique_ptr<std::string>(text));
}

HttpBuffers::~HttpBuffers() {
  ASSERT(lent_ == 0);
}

HttpMessageLease HttpBuffers::message() {
  ++lent_;
  std::unique_ptr<HttpMessage> message;
  if (messages_.empty()) {
    message = std::make_unique<HttpMessage>();
  } else {
    message = std::move(messages_.back());
    messages_.pop_back();
  }
  return {message.release(), HttpBufferReturn{this}};
}

HttpTextLease HttpBuffers::text() {
  ++lent_;
  std::unique_ptr<std::string> text;
  if (texts_.empty()) {
    text = std::make_unique<std::string>();
  } else {
    text = std::move(texts_.back());
    texts_.pop_back();
  }
  return {text.release(), HttpBufferReturn{this}};
}

void HttpBuffers::take_back(std::unique_ptr<HttpMessage> message) {
  --lent_;
  if (messages_.size() >= limits_.idle_max) return;
  message->shrink(limits_.bytes_kept);
  messages_.push_back(std::move(message));
}

void HttpBuffers::take_back(std::unique_ptr<std::string> text) {
  --lent_;
  if (texts_.size() >= limits_.idle_max || text->capacity() > limits_.bytes_kept) return;
  text->clear();
  texts_.push_back(std::move(text));
}

}  // namespace brunt
