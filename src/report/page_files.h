// The page's parts, bundled from ui/report at build time and embedded. Internal to this layer.
#pragma once
#include <string_view>

namespace brunt {

std::string_view page_script();
std::string_view page_style();
std::string_view page_notice();  // The chart library's licence.

}  // namespace brunt
