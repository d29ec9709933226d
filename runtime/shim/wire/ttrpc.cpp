#include "runtime/shim/wire/ttrpc.hpp"

#include <algorithm>

namespace lodger::shim::wire {

namespace {

std::uint32_t read_number(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(0, 4)) number = number << 8 | static_cast<std::uint8_t>(byte);
  return number;
}

void write_number(char* into, std::uint32_t number) {
  for (int i = 3; i >= 0; --i, number >>= 8) into[i] = static_cast<char>(number & 0xff);
}

}  // namespace

FrameHeader FrameHeader::read(std::string_view bytes) {
  return {read_number(bytes), read_number(bytes.substr(4)), static_cast<Type>(bytes[8]),
          static_cast<std::uint8_t>(bytes[9])};
}

std::array<char, FrameHeader::size> FrameHeader::bytes() const {
  std::array<char, size> out{};
  write_number(out.data(), length);
  write_number(out.data() + 4, stream);
  out[8] = static_cast<char>(type);
  out[9] = static_cast<char>(flags);
  return out;
}

std::string frame(std::uint32_t stream, FrameHeader::Type type, std::string_view message) {
  const auto head = FrameHeader{static_cast<std::uint32_t>(message.size()), stream, type, 0}.bytes();
  std::string out(head.data(), head.size());
  return out.append(message);
}

std::optional<FrameReader::Frame> FrameReader::next() {
  const auto passed = std::min(to_skip_, buffer_.size());
  buffer_.erase(0, passed);
  to_skip_ -= passed;
  if (to_skip_ > 0 || buffer_.size() < FrameHeader::size) return std::nullopt;
  const auto header = FrameHeader::read(buffer_);
  if (header.length > longest_message) {
    buffer_.erase(0, FrameHeader::size);
    to_skip_ = header.length;
    return Frame{header, {}, true};
  }
  if (buffer_.size() < FrameHeader::size + header.length) return std::nullopt;
  Frame out{header, buffer_.substr(FrameHeader::size, header.length), false};
  buffer_.erase(0, FrameHeader::size + header.length);
  if (buffer_.empty())
    buffer_.shrink_to_fit();  // a shim has nothing to do most of its life, and is one of many
  return out;
}

}  // namespace lodger::shim::wire
