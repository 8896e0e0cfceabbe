#pragma once

#include "app/cli/command_line.hpp"

#include <string>

namespace troupe::cli {

/// A script that completes verbs and options of `words`. `shell`: "bash", "zsh" or "fish". Pure.
std::string completion_script(const word_tree& words, const std::string& shell);

} // namespace troupe::cli
