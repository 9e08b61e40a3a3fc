#include "plan/reply_view.h"

namespace brunt {

const Json* ReplyView::json() {
  if (!json_) json_.emplace(Json::parse(source_.body()));
  return *json_ ? &**json_ : nullptr;
}

}  // namespace brunt
