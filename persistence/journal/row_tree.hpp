#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// An immutable ordered map of rows; `with` gives a new one that shares all but a path with the
/// old. So a reader's picture is one pointer, and the writer never waits for readers.
///
/// A treap whose priorities are hashes of the keys: its shape depends on its content only, hence
/// simulations repeat exactly. Cost: O(log n) nodes per write, O(log n) steps per lookup.
/// Thread: a value may be read by any number of threads; copies are independent.
class row_tree {
public:
  struct row {
    std::string key;                  ///< Shard and row key, as in the store.
    std::optional<std::string> value; ///< nullopt: erased (hides what lies beneath).
  };

  bool empty() const { return root_ == nullptr; }
  row_tree with(row added) const;
  /// Removes the key itself, unlike a row without a value.
  row_tree without(std::string_view key) const;

  /// nullptr where there is none. Results live as long as any tree that holds the row.
  const row* find(std::string_view key) const;
  const row* first_at_or_after(std::string_view key) const;
  const row* first_after(std::string_view key) const;
  const row* last_at_or_before(std::string_view key) const;
  const row* last_before(std::string_view key) const;
  const row* last() const;
  /// In key order.
  void for_each(const std::function<void(const row&)>& visit) const;

private:
  struct node;
  using link = std::shared_ptr<const node>;
  static link insert(const link& at, const std::shared_ptr<const row>& added,
                     std::uint64_t priority);
  static link remove(const link& at, std::string_view key);
  static link join(const link& left, const link& right);
  static void walk(const link& at, const std::function<void(const row&)>& visit);

  link root_;
};

} // namespace troupe
