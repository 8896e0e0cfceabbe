#pragma once

#include "base/result.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// Variables in layers: the process's own first, then `.env` files, then `env.vars` of the config.
/// A variable that is set in an earlier layer, even to nothing, hides the later ones.
/// Thread: built and read by the one that loads the config.
class environment {
public:
  using lookup = std::function<std::optional<std::string>(const std::string& name)>;
  using variables = std::map<std::string, std::string>;

  /// An empty `process` reads the process's environment.
  explicit environment(lookup process = {});

  /// Adds a layer behind all present ones.
  void add_layer(variables layer);

  /// The value of `name`; one that is set to nothing counts as missing.
  std::optional<std::string> find(const std::string& name) const;

  struct named {
    std::string name;
    std::string value;
  };
  /// `TROUPE_<suffix>`, else `OPENCLAW_<suffix>`.
  std::optional<named> ours(std::string_view suffix) const;

private:
  lookup process_;
  std::vector<variables> layers_;
};

/// The assignments of a `.env` text and the numbers of the lines that are none.
/// `NAME=value`, `export NAME=value`, `#` comments; '…' is literal, "…" knows \n \r \t \" \\ \$;
/// an unquoted value ends before ` #` and is trimmed. The last assignment of a name wins.
struct dotenv {
  environment::variables variables;
  std::vector<unsigned> bad_lines;
};
dotenv parse_dotenv(std::string_view text);

} // namespace troupe::config
