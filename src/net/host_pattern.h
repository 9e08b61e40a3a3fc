// Hosts as rules, host tables and certificates name them: shop.test, or *.shop.test.
#pragma once
#include <string_view>

namespace brunt {

// "*.shop.test" is for all below shop.test, not for itself; letters' case does not matter (ASCII).
bool host_fits(std::string_view pattern, std::string_view host);

}  // namespace brunt
