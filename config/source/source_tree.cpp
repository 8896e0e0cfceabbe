#include "config/source/source_tree.hpp"

#include "config/schema/cursor.hpp"
#include "config/source/read_file.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace troupe::config {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view include_key = "$include";

struct part {
  json::value value;
  json5::places where;
};

void merge(part& base, part over) {
  if (base.value.is_object() && over.value.is_object()) {
    auto& into = base.value.get_object();
    auto& from = over.value.get_object();
    std::size_t index = 0;
    for (auto& [key, value] : from) {
      auto& place = over.where.children[index++];
      const auto present = into.find(key);
      if (present == into.end()) {
        into.emplace(key, std::move(value));
        base.where.children.push_back(std::move(place));
        continue;
      }
      auto& old_place = base.where.children[static_cast<std::size_t>(present - into.begin())];
      part old{std::move(present->value()), std::move(old_place)};
      merge(old, {std::move(value), std::move(place)});
      present->value() = std::move(old.value);
      old_place = std::move(old.where);
    }
  } else if (base.value.is_array() && over.value.is_array()) {
    auto& from = over.value.get_array();
    for (std::size_t i = 0; i < from.size(); ++i) {
      base.value.get_array().push_back(std::move(from[i]));
      base.where.children.push_back(std::move(over.where.children[i]));
    }
  } else {
    base = std::move(over);
  }
}

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

/// Reads files and resolves includes; stops at the first failure.
class source_reader {
public:
  explicit source_reader(const std::vector<std::string>& include_roots) {
    for (const auto& root : include_roots)
      add_root(root);
  }

  std::variant<source_tree, finding> run(const std::string& path,
                                         const std::optional<std::string>& given) {
    add_root(fs::path(path).parent_path());
    auto text = given ? result<std::string>(*given) : read_text(path);
    if (!text)
      return finding{"", 0, 0, text.error().detail, {}};
    source_tree out;
    out.text = std::move(text.value());
    auto first = parse(path, out.text, 0);
    if (!first)
      return failure_;
    out.root = first->value;
    if (!resolve(*first, "", 0, 0))
      return failure_;
    out.merged = std::move(first->value);
    out.where = std::move(first->where);
    out.files = std::move(files_);
    return out;
  }

private:
  void add_root(const fs::path& folder) {
    std::error_code failed;
    auto real = fs::canonical(folder.empty() ? fs::path(".") : folder, failed);
    if (!failed)
      roots_.push_back(std::move(real));
  }

  bool fail(std::string path, const json5::places& where, std::string message) {
    failure_ = {std::move(path), where.value.line, where.value.column, std::move(message),
                where.file < files_.size() ? files_[where.file] : std::string()};
    return false;
  }

  result<std::string> read_text(const std::string& path) {
    return read_file(path, json5::text_bytes_max - bytes_read_);
  }

  /// `asked_at` is where the including file names it.
  std::optional<part> read_one(const std::string& path, const json5::places& asked_at,
                               unsigned depth_used) {
    const auto text = read_text(path);
    if (!text) {
      fail("", asked_at, text.error().detail);
      return std::nullopt;
    }
    return parse(path, text.value(), depth_used);
  }

  std::optional<part> parse(const std::string& path, const std::string& text, unsigned depth_used) {
    bytes_read_ += text.size();
    const auto file = static_cast<std::uint16_t>(files_.size());
    files_.push_back(path);
    auto outcome = json5::read(text, {file, depth_used});
    if (const auto* wrong = std::get_if<json5::syntax_error>(&outcome)) {
      failure_ = {"", wrong->where.line, wrong->where.column, wrong->message, path};
      return std::nullopt;
    }
    auto& read = std::get<json5::document>(outcome);
    return part{std::move(read.value), std::move(read.where)};
  }

  bool resolve(part& node, const std::string& path, unsigned containers, unsigned includes) {
    if (auto* object = node.value.if_object(); object && object->contains(include_key))
      return resolve_include(node, path, containers, includes);
    return resolve_children(node, path, containers, includes);
  }

  bool resolve_children(part& node, const std::string& path, unsigned containers,
                        unsigned includes) {
    std::size_t index = 0;
    const auto step = [&](json::value& value, const std::string& child_path) {
      auto& place = node.where.children[index++];
      if (!value.is_structured())
        return true;
      part child{std::move(value), std::move(place)};
      const bool fine = resolve(child, child_path, containers + 1, includes);
      value = std::move(child.value);
      place = std::move(child.where);
      return fine;
    };
    if (auto* object = node.value.if_object()) {
      for (auto& [key, value] : *object)
        if (!step(value, member_path(path, key)))
          return false;
    } else if (auto* array = node.value.if_array()) {
      for (auto& value : *array)
        if (!step(value, element_path(path, index)))
          return false;
    }
    return true;
  }

  bool resolve_include(part& node, const std::string& path, unsigned containers,
                       unsigned includes) {
    auto& object = node.value.get_object();
    std::optional<part> merged;
    part siblings{json::object(), {node.where.key, node.where.value, node.where.file, {}}};
    std::size_t index = 0;
    for (auto& [key, value] : object) {
      auto& place = node.where.children[index++];
      if (key == include_key) {
        if (!read_all(value, place, path, containers, includes, merged))
          return false;
        continue;
      }
      siblings.value.get_object().emplace(key, std::move(value));
      siblings.where.children.push_back(std::move(place));
    }
    if (!resolve_children(siblings, path, containers, includes))
      return false;
    if (!siblings.value.get_object().empty()) {
      if (!merged->value.is_object())
        return fail(path, node.where,
                    "has members beside $include, but the included file holds no object");
      merge(*merged, std::move(siblings));
    }
    merged->where.key = node.where.key;
    node = std::move(*merged);
    return true;
  }

  bool read_all(const json::value& names, const json5::places& place, const std::string& path,
                unsigned containers, unsigned includes, std::optional<part>& merged) {
    const auto include_path = member_path(path, include_key);
    if (includes >= include_depth_max)
      return fail(include_path, place,
                  fmt::format("files include each other deeper than {} levels", include_depth_max));
    const auto one = [&](const json::value& name, const json5::places& at) {
      if (!name.is_string())
        return fail(include_path, at, "expected a path or an array of paths");
      std::string target;
      if (!locate(name.get_string(), at, include_path, target))
        return false;
      auto included = read_one(target, at, containers);
      if (!included || !resolve(*included, path, containers, includes + 1))
        return false;
      if (merged)
        merge(*merged, std::move(*included));
      else
        merged = std::move(included);
      return true;
    };
    const auto* list = names.if_array();
    if (!list)
      return one(names, place);
    if (list->empty())
      return fail(include_path, place, "expected at least one path");
    for (std::size_t i = 0; i < list->size(); ++i)
      if (!one((*list)[i], place.children[i]))
        return false;
    return true;
  }

  /// The real path of an included file, if it may be read.
  bool locate(std::string_view name, const json5::places& at, const std::string& path,
              std::string& out) {
    if (name.empty() || name.size() >= include_path_chars_max ||
        name.find('\0') != std::string_view::npos)
      return fail(
          path, at,
          fmt::format("expected a path of 1 to {} bytes without NUL", include_path_chars_max - 1));
    if (files_.size() >= source_files_max)
      return fail(path, at, fmt::format("more than {} files are included", source_files_max));
    std::error_code failed;
    const auto real =
        fs::canonical(fs::path(files_[at.file]).parent_path() / fs::path(name), failed);
    if (failed)
      return fail(path, at, fmt::format("{}: {}", name, failed.message()));
    if (std::ranges::none_of(roots_, [&](const fs::path& root) { return is_below(real, root); }))
      return fail(path, at,
                  fmt::format("{} lies outside the config's folder; allow its folder with "
                              "TROUPE_INCLUDE_ROOTS",
                              name));
    out = real.string();
    return true;
  }

  std::vector<fs::path> roots_;
  std::vector<std::string> files_;
  std::size_t bytes_read_ = 0;
  finding failure_;
};

} // namespace

std::variant<source_tree, finding> read_source(const std::string& path,
                                               const std::vector<std::string>& include_roots,
                                               const std::optional<std::string>& text) {
  return source_reader(include_roots).run(path, text);
}

} // namespace troupe::config
