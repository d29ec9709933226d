#include "runtime/shim/wire/ttrpc.hpp"

#include <catch2/catch.hpp>

using namespace lodger::shim::wire;
using namespace std::string_literals;
using Type = FrameHeader::Type;

TEST_CASE("a frame's head is ten bytes in network order") {
  CHECK(frame(0x01020305, Type::response, "abc") == "\0\0\0\x03\x01\x02\x03\x05\x02\0abc"s);
  const auto head = FrameHeader::read("\0\x01\0\x02\0\0\0\x07\x01\x04"s);
  CHECK(head.length == 0x10002);
  CHECK(head.stream == 7);
  CHECK(head.type == Type::request);
  CHECK(head.flags == 4);
}

TEST_CASE("frames are cut out of a stream, however it comes") {
  const auto bytes =
      frame(1, Type::request, "first") + frame(3, Type::request, "") + frame(5, Type::data, "third");
  const auto step = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{1000});
  FrameReader reader;
  std::vector<std::string> got;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    reader.add(std::string_view(bytes).substr(at, step));
    while (auto next = reader.next()) got.push_back(std::to_string(next->header.stream) + next->message);
  }
  CHECK(got == std::vector<std::string>{"1first", "3", "5third"});
}

TEST_CASE("a message that is too long is told and passed over") {
  FrameReader reader;
  const auto long_one = std::string(longest_message + 1, 'x');
  const auto bytes = frame(1, Type::request, long_one) + frame(3, Type::request, "next");
  std::vector<FrameReader::Frame> got;
  for (std::size_t at = 0; at < bytes.size(); at += 65536) {
    reader.add(std::string_view(bytes).substr(at, 65536));
    while (auto next = reader.next()) got.push_back(std::move(*next));
  }
  REQUIRE(got.size() == 2);
  CHECK(got[0].oversized);
  CHECK(got[0].header.stream == 1);
  CHECK(got[1].message == "next");
  CHECK_FALSE(got[1].oversized);
}

TEST_CASE("a request and a response are containerd's") {
  const auto request = decode<Request>(
      "\x0a\x17"
      "containerd.task.v2.Task\x12\x05State\x1a\x03\x0a\x01x\x20\x80\xa8\xd6\xb9\x07\x2a\x06\x0a\x01k\x12\x01v"s);
  REQUIRE(request);
  CHECK(request->service == "containerd.task.v2.Task");
  CHECK(request->method == "State");
  CHECK(request->payload == "\x0a\x01x");
  CHECK(request->timeout_nano == 2'000'000'000);
  REQUIRE(request->metadata.size() == 1);
  CHECK(request->metadata[0].value == "v");
  CHECK(encode(Response{std::nullopt, "p"}) == "\x12\x01p"s);
  CHECK(encode(Response{Status{Code::not_found, "no"}, ""}) == "\x0a\x06\x08\x05\x12\x02no"s);
}
