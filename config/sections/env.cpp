#include "config/sections/sections.hpp"

namespace troupe::config {

kind<env_raw> env_section() {
  // Any of them may be a credential.
  auto value = text();
  value.show = [](const std::string&) { return boost::json::value(redacted_text); };
  auto out = object<env_raw>({
      key<env_raw>("vars", TR_MEMBER(vars), map_of(value),
                   "Variables for ${NAME}; they never override one that is set elsewhere."),
  });
  // At once: the sections that are read after this one may use them.
  out.read = [read = std::move(out.read)](reading& r, const cursor& at, env_raw& raw) {
    read(r, at, raw);
    r.variables().add_layer(raw.vars);
  };
  return out;
}

} // namespace troupe::config
