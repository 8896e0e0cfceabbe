#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// `model_result::reasoning` of this API: the thinking blocks of an answer, with their signatures
/// and their places, so that the answer can be sent back as the model gave it. A model that thinks
/// refuses the results of its tools without them, and any block that was changed.
/// Source: Anthropic's API documentation, "Extended thinking", "Preserving thinking blocks".
///
///     reasoning = [[bytes of text before it, tool calls before it, block], …]      JSON
///     block     = {"type":"thinking","thinking":…,"signature":…}
///               | {"type":"redacted_thinking","data":…}
namespace troupe::model::anthropic_messages {

struct thought {
  std::size_t text_before = 0;
  std::size_t calls_before = 0;
  std::string block; ///< A JSON object.
};

/// Collects thoughts in the order in which they came. Over `reasoning_bytes_max` all are forgotten:
/// a part of them is worth nothing.
class reasoning_writer {
public:
  void add_thinking(std::size_t text_before, std::size_t calls_before, std::string_view thinking,
                    std::string_view signature);
  void add_redacted(std::size_t text_before, std::size_t calls_before, std::string_view data);
  /// Empty when there were none.
  std::string take();

private:
  void add(std::size_t text_before, std::size_t calls_before, std::string_view block);
  std::string out_;
  bool too_long_ = false;
};

/// Empty when `reasoning` is, or is of another API.
std::vector<thought> read_reasoning(std::string_view reasoning);

} // namespace troupe::model::anthropic_messages
