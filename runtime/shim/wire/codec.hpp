// Protocol buffers, as containerd's messages need them. A message is a plain struct with one list of its
// fields, which serves both directions:
//
//   struct KillRequest {
//     std::string id;
//     std::uint32_t signal = 0;
//     void fields(auto& visit) { visit(1, id), visit(3, signal); }
//   };
//
// Source: protobuf's "Encoding" and "Language Guide (proto 3)": a default value is not sent, an unknown field
// is passed over, of a field that comes twice the last counts, and messages come together.
#pragma once
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "kernel/failure.hpp"

namespace lodger::shim::wire {

template <class T>
concept Number = std::integral<T> || std::is_enum_v<T>;

template <class Message>
std::string encode(const Message& message);

namespace detail {

class Writer {
 public:
  explicit Writer(std::string& into) : out_(into) {}
  void operator()(unsigned tag, const std::string& value) {
    if (!value.empty()) out_.add_bytes(tag, value);
  }
  void operator()(unsigned tag, Number auto value) {
    if (value != decltype(value){}) add(tag, value);
  }
  void operator()(unsigned tag, double value) {
    if (value != 0) out_.add_double(tag, value);
  }
  template <class T>
  void operator()(unsigned tag, const std::optional<T>& value) {
    if (value) out_.add_message(tag, encode(*value));
  }
  template <class T>
  void operator()(unsigned tag, const std::vector<T>& values) {
    for (const auto& value : values) item(tag, value);
  }
  void operator()(unsigned tag, const std::vector<std::uint64_t>& numbers) {
    if (!numbers.empty()) out_.add_packed_uint64(tag, numbers.begin(), numbers.end());
  }
  void operator()(unsigned tag, const std::map<std::string, std::string>& entries) {
    for (const auto& [key, value] : entries) {
      std::string entry;
      protozero::pbf_writer pair(entry);
      pair.add_string(1, key);
      pair.add_string(2, value);
      out_.add_message(tag, entry);
    }
  }

 private:
  void item(unsigned tag, const std::string& value) { out_.add_bytes(tag, value); }
  template <class T>
  void item(unsigned tag, const T& value) {
    out_.add_message(tag, encode(value));
  }
  // int32 and int64 are sent with the sign extended, so one form serves all integers.
  void add(unsigned tag, Number auto value) {
    if constexpr (std::is_enum_v<decltype(value)>)
      out_.add_int64(tag, static_cast<std::int64_t>(value));
    else if constexpr (std::is_unsigned_v<decltype(value)>)
      out_.add_uint64(tag, value);
    else
      out_.add_int64(tag, value);
  }
  protozero::pbf_writer out_;
};

template <class Message>
void merge(Message& message, protozero::pbf_reader& reader);

/// Takes the reader's present field, if the list has it.
class Reader {
 public:
  explicit Reader(protozero::pbf_reader& from) : from_(from) {}
  void operator()(unsigned tag, std::string& value) {
    if (is(tag)) value = from_.get_bytes();
  }
  void operator()(unsigned tag, Number auto& value) {
    if (is(tag, protozero::pbf_wire_type::varint))
      value = static_cast<std::remove_reference_t<decltype(value)>>(from_.get_int64());
  }
  void operator()(unsigned tag, double& value) {
    if (is(tag, protozero::pbf_wire_type::fixed64)) value = from_.get_double();
  }
  template <class T>
  void operator()(unsigned tag, std::optional<T>& value) {
    if (is(tag)) submessage(value ? *value : value.emplace());
  }
  template <class T>
  void operator()(unsigned tag, std::vector<T>& values) {
    if (!is(tag)) return;
    if constexpr (std::is_same_v<T, std::string>)
      values.push_back(from_.get_bytes());
    else
      submessage(values.emplace_back());
  }
  void operator()(unsigned tag, std::vector<std::uint64_t>& numbers) {
    if (!is(tag)) return;
    for (const auto number : from_.get_packed_uint64()) numbers.push_back(number);
  }
  void operator()(unsigned tag, std::map<std::string, std::string>& entries) {
    if (!is(tag)) return;
    std::string key, value;
    auto pair = from_.get_message();
    while (pair.next()) {
      Reader visit(pair);
      visit(1, key), visit(2, value);
      if (!visit.taken()) pair.skip();
    }
    entries.insert_or_assign(std::move(key), std::move(value));
  }
  bool taken() const { return taken_; }

 private:
  // The library only asserts that the form is the one that is asked for.
  bool is(unsigned tag, protozero::pbf_wire_type form = protozero::pbf_wire_type::length_delimited) {
    if (taken_ || from_.tag() != tag) return false;
    if (from_.wire_type() != form) throw protozero::unknown_pbf_wire_type_exception();
    taken_ = true;
    return true;
  }
  template <class T>
  void submessage(T& into) {
    auto inner = from_.get_message();
    merge(into, inner);
  }
  protozero::pbf_reader& from_;
  bool taken_ = false;
};

template <class Message>
void merge(Message& message, protozero::pbf_reader& reader) {
  while (reader.next()) {
    Reader visit(reader);
    message.fields(visit);
    if (!visit.taken()) reader.skip();
  }
}

}  // namespace detail

template <class Message>
std::string encode(const Message& message) {
  std::string out;
  detail::Writer visit(out);
  const_cast<Message&>(message).fields(visit);  // the list is one for both directions; the writer only reads
  return out;
}

/// EBADMSG: the bytes are no such message.
template <class Message>
Outcome<Message> decode(std::string_view bytes) {
  Message message;
  try {  // the library tells by exceptions what is malformed
    protozero::pbf_reader reader(bytes.data(), bytes.size());
    detail::merge(message, reader);
  } catch (const protozero::exception& wrong) {
    return refuse(std::string("malformed message: ") + wrong.what(), EBADMSG);
  }
  return message;
}

/// google.protobuf.Any: a message and the name of its type.
struct Any {
  std::string type_url, value;
  void fields(auto& visit) { visit(1, type_url), visit(2, value); }
};

/// google.protobuf.Empty
struct Empty {
  void fields(auto&) {}
};

/// google.protobuf.Timestamp: of CLOCK_REALTIME.
struct Timestamp {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  void fields(auto& visit) { visit(1, seconds), visit(2, nanos); }
};

}  // namespace lodger::shim::wire
