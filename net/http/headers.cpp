#include "net/http/server.hpp"

#include <algorithm>

namespace troupe::net {

std::string_view find_header(const header_list& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &header_list::value_type::first);
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

} // namespace troupe::net
