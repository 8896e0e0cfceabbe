#pragma once

#include <boost/iterator/iterator_facade.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// What a model is told of a conversation.
namespace troupe::model {

enum class role : std::uint8_t { system, user, assistant, tool_result };

/// The model's wish to have a tool run. `id` pairs it with its result; never empty.
struct tool_call {
  std::string id;
  std::string name;
  std::string arguments_json; ///< A JSON object's text; "{}" when the model sent none.
  friend bool operator==(const tool_call&, const tool_call&) = default;
};

/// One message of the conversation, oldest first in a request.
struct prompt_message {
  model::role role = role::user;
  std::string text{};
  std::vector<tool_call> tool_calls{}; ///< Assistant only.
  std::string reasoning{};    ///< Assistant only: `model_result::reasoning` of this answer.
  std::string tool_call_id{}; ///< Tool results only.
  bool is_error = false;      ///< Tool results only.
};

/// The messages of a prompt, oldest first. Those of earlier turns are shared by all calls of a run:
/// they are many and do not change. Its own follow them.
class prompt_messages {
public:
  using shared = std::shared_ptr<const std::vector<prompt_message>>;

  prompt_messages() = default;
  prompt_messages(std::initializer_list<prompt_message> own) : own_(own) {}
  prompt_messages(shared earlier, std::vector<prompt_message> own)
      : earlier_(std::move(earlier)), own_(std::move(own)) {}

  std::size_t size() const { return earlier_size() + own_.size(); }
  bool empty() const { return size() == 0; }
  const prompt_message& operator[](std::size_t at) const {
    return at < earlier_size() ? (*earlier_)[at] : own_[at - earlier_size()];
  }
  const prompt_message& back() const { return (*this)[size() - 1]; }
  void push_back(prompt_message message) { own_.push_back(std::move(message)); }

  class iterator : public boost::iterator_facade<iterator, const prompt_message,
                                                 boost::random_access_traversal_tag> {
  public:
    iterator() = default;
    iterator(const prompt_messages& of, std::size_t at) : of_(&of), at_(at) {}

  private:
    friend class boost::iterator_core_access;
    const prompt_message& dereference() const { return (*of_)[at_]; }
    bool equal(const iterator& other) const { return at_ == other.at_; }
    void increment() { ++at_; }
    void decrement() { --at_; }
    void advance(std::ptrdiff_t by) { at_ += static_cast<std::size_t>(by); }
    std::ptrdiff_t distance_to(const iterator& other) const {
      return static_cast<std::ptrdiff_t>(other.at_ - at_);
    }
    const prompt_messages* of_ = nullptr;
    std::size_t at_ = 0;
  };
  iterator begin() const { return {*this, 0}; }
  iterator end() const { return {*this, size()}; }

private:
  std::size_t earlier_size() const { return earlier_ ? earlier_->size() : 0; }
  shared earlier_;
  std::vector<prompt_message> own_;
};

} // namespace troupe::model
