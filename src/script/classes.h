// The numbers of our classes in QuickJS: one for the whole process, drawn once.
//
// For this layer only.
#pragma once
#include "script/engine.h"

namespace brunt {

struct ClassIds {
  JSClassID response = 0;
  JSClassID metric = 0;
  JSClassID vu_tags = 0;
  JSClassID cookie_jar = 0;
  JSClassID shared_array = 0;
  JSClassID hasher = 0;
  JSClassID html = 0;
  JSClassID redis = 0;
  JSClassID web_socket = 0;
  JSClassID grpc_client = 0;
  JSClassID grpc_stream = 0;
};

const ClassIds& class_ids();

}  // namespace brunt
