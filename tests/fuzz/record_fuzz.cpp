#include "persistence/journal/write_batch.hpp"
#include "persistence/tables/record.hpp"
#include "persistence/tables/row_key.hpp"

#include <cstdint>
#include <cstdlib>

// Any bytes are read or refused: records of every shape, write batches, row keys. What is read from
// a batch must survive being written again.
namespace {

using namespace troupe;

/// Reads fields of the types that `script` asks for, nested records and lists included.
void read_fields(record_reader& in, std::string_view script, unsigned depth) {
  for (const char wanted : script) {
    switch (static_cast<unsigned char>(wanted) % 9) {
    case 0:
      in.read<std::uint64_t>();
      break;
    case 1:
      in.read<std::int16_t>();
      break;
    case 2:
      in.read<std::string>();
      break;
    case 3:
      in.read_optional<std::string_view>();
      break;
    case 4:
      in.read<double>();
      break;
    case 5:
      in.read<bool>();
      break;
    case 6:
      in.read_texts();
      break;
    case 7:
      in.read_or<std::int32_t>(1);
      break;
    default:
      if (depth > 0) {
        auto inner = in.read_record(2);
        read_fields(inner, script, depth - 1);
        in.absorb(inner);
      }
    }
  }
}

void try_record(std::string_view script, std::string_view bytes) {
  auto opened = record_reader::open(bytes, 2);
  if (!opened)
    return;
  auto in = std::move(opened).assume_value();
  read_fields(in, script, 2);
  if (const auto done = in.finish("record"); !done && done.error().code != errc::corrupt)
    std::abort();
}

void try_batch(std::string_view bytes) {
  const auto decoded = write_batch::decode(bytes);
  if (!decoded)
    return;
  const auto& batch = decoded.assume_value();
  const auto encoded = batch.encode();
  const auto again = write_batch::decode(encoded);
  if (!again || again.assume_value().encode() != encoded || encoded.size() > batch.encoded_bytes())
    std::abort();
}

void try_key(std::string_view bytes) {
  row_key_reader in{bytes};
  in.table('!');
  const auto text = in.text();
  const auto number = in.number();
  if (in.finish("key") && row_key{'!'}.text(text).number(number).take() != bytes)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t script_bytes = 6;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  try_batch(bytes);
  try_key(bytes);
  if (size > script_bytes)
    try_record(bytes.substr(0, script_bytes), bytes.substr(script_bytes));
  return 0;
}
