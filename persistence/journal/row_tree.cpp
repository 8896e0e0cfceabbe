#include "persistence/journal/row_tree.hpp"

#include "base/checksum.hpp"

namespace troupe {

struct row_tree::node {
  std::shared_ptr<const row> held;
  std::uint64_t priority = 0;
  link left;
  link right;
};

row_tree row_tree::with(row added) const {
  const auto priority = key_hash(added.key);
  row_tree out;
  out.root_ = insert(root_, std::make_shared<const row>(std::move(added)), priority);
  return out;
}

row_tree row_tree::without(std::string_view key) const {
  if (find(key) == nullptr)
    return *this;
  row_tree out;
  out.root_ = remove(root_, key);
  return out;
}

row_tree::link row_tree::insert(const link& at, const std::shared_ptr<const row>& added,
                                std::uint64_t priority) {
  if (at == nullptr)
    return std::make_shared<const node>(node{added, priority, nullptr, nullptr});
  const int order = std::string_view{added->key}.compare(at->held->key);
  if (order == 0)
    return std::make_shared<const node>(node{added, priority, at->left, at->right});
  // The child with the higher priority rises above its parent (a rotation on fresh nodes).
  if (order < 0) {
    auto left = insert(at->left, added, priority);
    if (left->priority <= at->priority)
      return std::make_shared<const node>(node{at->held, at->priority, std::move(left), at->right});
    auto lowered =
        std::make_shared<const node>(node{at->held, at->priority, left->right, at->right});
    return std::make_shared<const node>(
        node{left->held, left->priority, left->left, std::move(lowered)});
  }
  auto right = insert(at->right, added, priority);
  if (right->priority <= at->priority)
    return std::make_shared<const node>(node{at->held, at->priority, at->left, std::move(right)});
  auto lowered = std::make_shared<const node>(node{at->held, at->priority, at->left, right->left});
  return std::make_shared<const node>(
      node{right->held, right->priority, std::move(lowered), right->right});
}

row_tree::link row_tree::remove(const link& at, std::string_view key) {
  const int order = key.compare(at->held->key);
  if (order == 0)
    return join(at->left, at->right);
  if (order < 0)
    return std::make_shared<const node>(
        node{at->held, at->priority, remove(at->left, key), at->right});
  return std::make_shared<const node>(
      node{at->held, at->priority, at->left, remove(at->right, key)});
}

row_tree::link row_tree::join(const link& left, const link& right) {
  if (left == nullptr)
    return right;
  if (right == nullptr)
    return left;
  if (left->priority > right->priority)
    return std::make_shared<const node>(
        node{left->held, left->priority, left->left, join(left->right, right)});
  return std::make_shared<const node>(
      node{right->held, right->priority, join(left, right->left), right->right});
}

const row_tree::row* row_tree::find(std::string_view key) const {
  const auto* found = first_at_or_after(key);
  return found != nullptr && found->key == key ? found : nullptr;
}

const row_tree::row* row_tree::first_at_or_after(std::string_view key) const {
  const row* best = nullptr;
  for (const node* at = root_.get(); at != nullptr;) {
    const bool fits = std::string_view{at->held->key} >= key;
    best = fits ? at->held.get() : best;
    at = fits ? at->left.get() : at->right.get();
  }
  return best;
}

const row_tree::row* row_tree::first_after(std::string_view key) const {
  const row* best = nullptr;
  for (const node* at = root_.get(); at != nullptr;) {
    const bool fits = std::string_view{at->held->key} > key;
    best = fits ? at->held.get() : best;
    at = fits ? at->left.get() : at->right.get();
  }
  return best;
}

const row_tree::row* row_tree::last_at_or_before(std::string_view key) const {
  const row* best = nullptr;
  for (const node* at = root_.get(); at != nullptr;) {
    const bool fits = std::string_view{at->held->key} <= key;
    best = fits ? at->held.get() : best;
    at = fits ? at->right.get() : at->left.get();
  }
  return best;
}

const row_tree::row* row_tree::last_before(std::string_view key) const {
  const row* best = nullptr;
  for (const node* at = root_.get(); at != nullptr;) {
    const bool fits = std::string_view{at->held->key} < key;
    best = fits ? at->held.get() : best;
    at = fits ? at->right.get() : at->left.get();
  }
  return best;
}

const row_tree::row* row_tree::last() const {
  const node* at = root_.get();
  while (at != nullptr && at->right != nullptr)
    at = at->right.get();
  return at == nullptr ? nullptr : at->held.get();
}

void row_tree::for_each(const std::function<void(const row&)>& visit) const {
  walk(root_, visit);
}

void row_tree::walk(const link& at, const std::function<void(const row&)>& visit) {
  if (at == nullptr)
    return;
  walk(at->left, visit);
  visit(*at->held);
  walk(at->right, visit);
}

} // namespace troupe
