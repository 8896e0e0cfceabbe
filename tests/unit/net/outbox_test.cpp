#include "net/websocket/outbox.hpp"

#include <catch2/catch.hpp>

namespace troupe::test {

using net::outbox;

namespace {

net::ws_frame frame_of(std::size_t bytes, bool droppable = false) {
  return {std::string(bytes, 'f'), nullptr, {}, droppable};
}

} // namespace

TEST_CASE("outbox: takes frames up to its bound and tells what it does beyond", "[outbox]") {
  outbox box{100};
  CHECK(box.add(frame_of(60)) == outbox::verdict::queued);
  CHECK(box.add(frame_of(40)) == outbox::verdict::queued);
  CHECK(box.add(frame_of(1, true)) == outbox::verdict::dropped);
  CHECK(box.add(frame_of(1)) == outbox::verdict::slow);
  CHECK(box.bytes() == 100);
}

TEST_CASE("outbox: bytes count until they are written", "[outbox]") {
  outbox box{100};
  box.add(frame_of(100));
  const auto taken = box.take(8);
  REQUIRE(taken.size() == 1);
  CHECK(box.add(frame_of(1)) == outbox::verdict::slow);
  box.written(taken[0].bytes());
  CHECK(box.add(frame_of(1)) == outbox::verdict::queued);
}

TEST_CASE("outbox: counts all three parts of a frame", "[outbox]") {
  outbox box{100};
  const auto body = std::make_shared<const std::string>(50, 'b');
  CHECK(box.add({"head", body, "tail"}) == outbox::verdict::queued);
  CHECK(box.bytes() == 58);
}

TEST_CASE("outbox: gives frames in order, some at a time", "[outbox]") {
  outbox box{1000};
  for (std::size_t i = 1; i <= 5; ++i)
    box.add(frame_of(i));
  CHECK(box.take(2).size() == 2);
  const auto rest = box.take(8);
  REQUIRE(rest.size() == 3);
  CHECK(rest[0].bytes() == 3);
  CHECK(rest[2].bytes() == 5);
  CHECK(box.take(8).empty());
}

TEST_CASE("outbox: after a close nothing more is queued, and the first close counts", "[outbox]") {
  outbox box{100};
  box.add(frame_of(10));
  CHECK(box.close(1008, "first"));
  CHECK_FALSE(box.close(1000, "second"));
  CHECK(box.add(frame_of(1)) == outbox::verdict::closed);
  CHECK(box.wants_close()->code == 1008);
  CHECK(box.take(8).size() == 1);
}

TEST_CASE("outbox: dropping keeps count of what is being written", "[outbox]") {
  outbox box{100};
  box.add(frame_of(30));
  box.add(frame_of(20));
  const auto taken = box.take(1);
  box.drop_frames();
  CHECK(box.bytes() == 30);
  CHECK(box.take(8).empty());
  box.written(taken[0].bytes());
  CHECK(box.bytes() == 0);
}

} // namespace troupe::test
