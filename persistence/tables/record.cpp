#include "persistence/tables/record.hpp"

#include "base/assert.hpp"

#include <msgpack.hpp>

#include <algorithm>

namespace troupe {
namespace {

struct string_sink {
  std::string& to;
  void write(const char* data, std::size_t size) { to.append(data, size); }
};

using packer = msgpack::packer<string_sink>;

/// Applies `pack` to a packer that appends to `to`.
template <class Pack>
void append(std::string& to, Pack pack) {
  string_sink sink{to};
  packer out{sink};
  pack(out);
}

std::uint32_t size_of(std::string_view bytes) {
  TR_ASSERT(bytes.size() <= std::numeric_limits<std::uint32_t>::max(), "field over 4 GiB");
  return static_cast<std::uint32_t>(bytes.size());
}

const msgpack::object_array& as_array(const void* fields) {
  return *static_cast<const msgpack::object_array*>(fields);
}

/// Text and bytes stay where they are; the tree points at them.
bool stays_in_place(msgpack::type::object_type, std::size_t, void*) {
  return true;
}

} // namespace

record_writer::record_writer(unsigned version) {
  add_unsigned(version);
}

record_writer& record_writer::add(bool value) {
  append(body_, [&](packer& out) { value ? out.pack_true() : out.pack_false(); });
  ++fields_;
  return *this;
}

record_writer& record_writer::add(double value) {
  append(body_, [&](packer& out) { out.pack_double(value); });
  ++fields_;
  return *this;
}

record_writer& record_writer::add(std::string_view text) {
  append(body_, [&](packer& out) {
    out.pack_str(size_of(text)).pack_str_body(text.data(), size_of(text));
  });
  ++fields_;
  return *this;
}

record_writer& record_writer::add(const record_writer& nested) {
  body_ += nested.take();
  ++fields_;
  return *this;
}

record_writer& record_writer::add_bytes(std::string_view bytes) {
  append(body_, [&](packer& out) {
    out.pack_bin(size_of(bytes)).pack_bin_body(bytes.data(), size_of(bytes));
  });
  ++fields_;
  return *this;
}

record_writer& record_writer::add_nil() {
  append(body_, [](packer& out) { out.pack_nil(); });
  ++fields_;
  return *this;
}

record_writer& record_writer::add_list(const std::vector<std::string>& texts) {
  return add_list(texts, [](record_writer& list, const std::string& text) { list.add(text); });
}

record_writer& record_writer::add_signed(std::int64_t value) {
  append(body_, [&](packer& out) { out.pack_int64(value); });
  ++fields_;
  return *this;
}

record_writer& record_writer::add_unsigned(std::uint64_t value) {
  append(body_, [&](packer& out) { out.pack_uint64(value); });
  ++fields_;
  return *this;
}

std::string record_writer::take() const {
  TR_ASSERT(fields_ <= record_reader::elements_max, "more fields than a reader accepts");
  std::string out;
  out.reserve(body_.size() + 5);
  append(out, [&](packer& to) { to.pack_array(fields_); });
  return out += body_;
}

struct record_reader::document {
  /// With its header still what malloc serves from a thread's own cache.
  static constexpr std::size_t zone_chunk_bytes = 960;
  msgpack::zone zone{zone_chunk_bytes};
  msgpack::object root;
};

result<record_reader> record_reader::open(std::string_view bytes, unsigned version_max) {
  auto parsed = std::make_shared<document>();
  const auto elements = std::min(bytes.size(), elements_max);
  const msgpack::unpack_limit limits{elements,     elements,     bytes.size(),
                                     bytes.size(), bytes.size(), depth_max};
  std::size_t end = 0;
  try {
    parsed->root = msgpack::unpack(parsed->zone, bytes.data(), bytes.size(), end, &stays_in_place,
                                   nullptr, limits);
  } catch (const std::exception& failure) {
    return error{errc::corrupt, std::string{"record: "} + failure.what()};
  }
  if (end != bytes.size() || parsed->root.type != msgpack::type::ARRAY)
    return error{errc::corrupt, "record: not exactly one array"};
  record_reader out;
  out.fields_ = &parsed->root.via.array;
  out.document_ = std::move(parsed);
  if (!out.take_version(version_max))
    return error{errc::corrupt, *out.failure_};
  return out;
}

bool record_reader::take_version(unsigned version_max) {
  version_ = read<unsigned>();
  if (!failed() && (version_ == 0 || version_ > version_max || version_ + 1 < version_max))
    fail("version " + std::to_string(version_) + " is not read here, only up to " +
         std::to_string(version_max));
  return !failed();
}

bool record_reader::more() const {
  return !failed() && fields_ != nullptr && next_ < as_array(fields_).size;
}

const void* record_reader::next(std::string_view wanted) {
  if (more())
    return &as_array(fields_).ptr[next_++];
  mismatch(wanted);
  return nullptr;
}

void record_reader::mismatch(std::string_view wanted) {
  fail("field " + std::to_string(next_) + " should be " + std::string{wanted});
}

void record_reader::fail(std::string what) {
  if (!failed())
    failure_ = std::make_shared<const std::string>(std::move(what));
}

void record_reader::absorb(const record_reader& nested) {
  if (nested.failed() && !failed())
    failure_ = nested.failure_;
}

result<void> record_reader::finish(std::string_view what) const {
  if (failed())
    return error{errc::corrupt, std::string{what} + ": " + *failure_};
  return boost::outcome_v2::success();
}

bool record_reader::read_bool() {
  const auto* field = static_cast<const msgpack::object*>(next("yes or no"));
  if (field != nullptr && field->type == msgpack::type::BOOLEAN)
    return field->via.boolean;
  mismatch("yes or no");
  return false;
}

double record_reader::read_double() {
  const auto* field = static_cast<const msgpack::object*>(next("a number"));
  if (field != nullptr &&
      (field->type == msgpack::type::FLOAT64 || field->type == msgpack::type::FLOAT32))
    return field->via.f64;
  mismatch("a number");
  return 0;
}

std::int64_t record_reader::read_signed(std::int64_t least, std::int64_t most) {
  const auto* field = static_cast<const msgpack::object*>(next("an integer"));
  if (field != nullptr && field->type == msgpack::type::NEGATIVE_INTEGER && field->via.i64 >= least)
    return field->via.i64;
  if (field != nullptr && field->type == msgpack::type::POSITIVE_INTEGER &&
      field->via.u64 <= static_cast<std::uint64_t>(most))
    return static_cast<std::int64_t>(field->via.u64);
  mismatch("an integer in range");
  return 0;
}

std::uint64_t record_reader::read_unsigned(std::uint64_t most) {
  const auto* field = static_cast<const msgpack::object*>(next("an integer"));
  if (field != nullptr && field->type == msgpack::type::POSITIVE_INTEGER && field->via.u64 <= most)
    return field->via.u64;
  mismatch("an integer in range");
  return 0;
}

std::string_view record_reader::read_text() {
  const auto* field = static_cast<const msgpack::object*>(next("text"));
  if (field != nullptr && field->type == msgpack::type::STR)
    return {field->via.str.ptr, field->via.str.size};
  if (field != nullptr && field->type == msgpack::type::BIN)
    return {field->via.bin.ptr, field->via.bin.size};
  mismatch("text");
  return {};
}

bool record_reader::skip_nil() {
  if (!more() || as_array(fields_).ptr[next_].type != msgpack::type::NIL)
    return false;
  ++next_;
  return true;
}

record_reader record_reader::read_array() {
  record_reader out;
  const auto* field = static_cast<const msgpack::object*>(next("a list"));
  if (field == nullptr || field->type != msgpack::type::ARRAY) {
    mismatch("a list");
    out.failure_ = failure_;
    return out;
  }
  out.document_ = document_;
  out.fields_ = &field->via.array;
  return out;
}

record_reader record_reader::read_record(unsigned version_max) {
  auto out = read_array();
  if (!out.failed())
    out.take_version(version_max);
  absorb(out);
  return out;
}

std::optional<record_reader> record_reader::read_optional_record(unsigned version_max) {
  if (!more() || skip_nil())
    return std::nullopt;
  return read_record(version_max);
}

} // namespace troupe
