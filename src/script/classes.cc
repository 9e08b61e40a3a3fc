#include "script/classes.h"

namespace brunt {

const ClassIds& class_ids() {
  static const ClassIds ids = [] {
    ClassIds drawn;
    JS_NewClassID(&drawn.response);
    JS_NewClassID(&drawn.metric);
    JS_NewClassID(&drawn.vu_tags);
    JS_NewClassID(&drawn.cookie_jar);
    JS_NewClassID(&drawn.shared_array);
    JS_NewClassID(&drawn.hasher);
    JS_NewClassID(&drawn.html);
    JS_NewClassID(&drawn.redis);
    JS_NewClassID(&drawn.web_socket);
    JS_NewClassID(&drawn.grpc_client);
    JS_NewClassID(&drawn.grpc_stream);
    JS_NewClassID(&drawn.grpc_response);
    return drawn;
  }();
  return ids;
}

}  // namespace brunt
