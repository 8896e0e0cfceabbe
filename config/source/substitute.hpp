#pragma once

#include "config/source/environment.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

struct substituted {
  std::string text;
  std::vector<std::string> missing; ///< Variables that are not set, or set to nothing.
};

/// Replaces `${NAME}` by the variable's value; `$${NAME}` stands for the text `${NAME}`. Only names
/// of `[A-Z_][A-Z0-9_]*` count, all else stays as it is, and so does a missing variable. Values are
/// not looked into again.
/// Source: features section 1, `${VAR}` substitution.
substituted substitute(std::string_view text, const environment& variables);

/// The name in a text that is one whole reference: `${NAME}` or `$NAME`, of the grammar
/// `[A-Z][A-Z0-9_]{0,127}`; otherwise empty.
/// Source: features section 1, SecretRef shorthands.
std::string_view whole_reference(std::string_view text);

/// `[A-Z][A-Z0-9_]{0,127}`, the id of an `env` SecretRef.
bool is_env_secret_id(std::string_view id);

} // namespace troupe::config
