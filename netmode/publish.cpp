#include "netmode/publish.hpp"

#include <fmt/core.h>
#include <strings.h>

#include <charconv>

#include "netmode/ports/address.hpp"

namespace lodger::netmode {

namespace {

// What a message quotes: the option and the value as the user wrote them; and what could stand there.
struct Value {
  std::string_view option, text, syntax;
  std::unexpected<Failure> wrong(std::string_view why) const {
    return refuse(fmt::format("{} \"{}\": {}", option, text, why));
  }
};

constexpr std::string_view publish_syntax = "expected [IP:][HOSTPORT[-LAST]:]PORT[-LAST][/tcp|udp|sctp]";
constexpr std::string_view list_syntax = "expected PORT[-LAST][/PROTOCOL]";

// In either case, as Docker takes it.
Outcome<Protocol> parse_protocol(const Value& value, std::string_view name) {
  const std::string own(name);
  if (::strcasecmp(own.c_str(), "tcp") == 0) return Protocol::tcp;
  if (::strcasecmp(own.c_str(), "udp") == 0) return Protocol::udp;
  if (::strcasecmp(own.c_str(), "sctp") == 0) return Protocol::sctp;
  return value.wrong(fmt::format("unknown protocol \"{}\"; expected tcp, udp or sctp", name));
}

Outcome<std::uint16_t> parse_port(const Value& value, std::string_view what, std::string_view digits) {
  if (digits.empty()) return value.wrong(fmt::format("the {} is empty; {}", what, value.syntax));
  unsigned long number = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  const bool is_number = stop == end && error != std::errc::invalid_argument;
  if (!is_number)
    return value.wrong(fmt::format("the {} \"{}\" is not a number; {}", what, digits, value.syntax));
  if (error == std::errc::result_out_of_range || number > 65535)
    return value.wrong(fmt::format("the {} {} is above 65535", what, digits));
  return static_cast<std::uint16_t>(number);
}

Outcome<PortRange> parse_range(const Value& value, std::string_view what, std::string_view text) {
  const auto dash = text.find('-');
  PortRange range;
  range.first = TRY(parse_port(value, what, text.substr(0, dash)));
  range.last = range.first;
  if (dash != text.npos) range.last = TRY(parse_port(value, what, text.substr(dash + 1)));
  if (range.last < range.first)
    return value.wrong(fmt::format("the {} range {} ends before it begins", what, text));
  // Port 0 alone stands for "any" on the host's side; a container cannot be reached on it.
  const bool any_host_port = what == "host port" && dash == text.npos;
  if (range.first == 0 && !any_host_port) return value.wrong(fmt::format("the {} must not be 0", what));
  return range;
}

/// An address has many spellings. IPv4's in the form of IPv6's (RFC 4291, 2.5.5.2) is IPv4's, to the kernel
/// as to Docker.
Outcome<std::string> usual_spelling(const Value& value, const std::string& address, bool bracketed) {
  const auto parsed = ports::parse_address(address);
  if (parsed && parsed->v6 == bracketed) return ports::bare_text(ports::unmapped(*parsed));
  if (bracketed && address.contains('%'))
    return value.wrong(
        fmt::format("\"{}\" has a zone: an address that is of one link alone cannot be published", address));
  return value.wrong(fmt::format("\"{}\" is not an {} address{}", address, bracketed ? "IPv6" : "IPv4",
                                 bracketed ? "" : " (IPv6 goes in brackets: [::1]:80:80)"));
}

// Cuts the protocol off the end of `rest`.
Outcome<Protocol> take_protocol(const Value& value, std::string_view& rest) {
  const auto slash = rest.find('/');
  if (slash == rest.npos) return Protocol::tcp;
  const auto name = rest.substr(slash + 1);
  rest = rest.substr(0, slash);
  return parse_protocol(value, name);
}

// Cuts the address and its colon off the beginning of `rest`: in brackets, or before the last two colons.
Outcome<std::string> take_address(const Value& value, std::string_view& rest) {
  std::string address;
  const bool bracketed = rest.starts_with('[');
  if (bracketed) {
    const auto end = rest.find("]:");
    if (end == rest.npos) return value.wrong("the address in brackets must end in \"]:\"");
    address = rest.substr(1, end - 1);
    rest = rest.substr(end + 2);
    if (rest.find(':') == rest.npos)
      return value.wrong("an address needs a host port behind it, which may be empty: [::1]::80");
  } else {
    const auto last = rest.rfind(':');
    const auto before = last == rest.npos || last == 0 ? rest.npos : rest.rfind(':', last - 1);
    if (before == rest.npos) return address;
    address = rest.substr(0, before);
    rest = rest.substr(before + 1);
    if (address.empty()) return value.wrong(fmt::format("the address is empty; {}", value.syntax));
  }
  return usual_spelling(value, address, bracketed);
}

}  // namespace

Outcome<Publication> parse_publish(std::string_view text, std::string_view where) {
  const Value value{where, text, publish_syntax};
  std::string_view rest = text;
  Publication out;
  out.protocol = TRY(take_protocol(value, rest));
  out.host_ip = TRY(take_address(value, rest));
  const auto colon = rest.find(':');
  if (colon == rest.npos) {
    out.container = TRY(parse_range(value, "container port", rest));
    return out;
  }
  if (rest.find(':', colon + 1) != rest.npos)
    return value.wrong(fmt::format("too many colons; {}", value.syntax));
  out.container = TRY(parse_range(value, "container port", rest.substr(colon + 1)));
  const auto host = rest.substr(0, colon);
  if (host.empty()) {
    if (out.host_ip.empty()) return value.wrong(fmt::format("nothing before the colon; {}", value.syntax));
    return out;  // "127.0.0.1::80": a port of the host's choice
  }
  out.host = TRY(parse_range(value, "host port", host));
  const bool any = out.host.first == 0;
  // A range for one port: the first free one of it (Docker). Otherwise they are paired.
  if (!any && length(out.container) > 1 && length(out.host) != length(out.container))
    return value.wrong(fmt::format("{} host ports for {} container ports; the ranges must be of one length",
                                   length(out.host), length(out.container)));
  return out;
}

Outcome<std::vector<Ports>> parse_ports(std::string_view text, std::string_view where) {
  const Value value{where, text, list_syntax};
  std::vector<Ports> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string_view entry = text.substr(0, comma);
    Ports ports;
    ports.protocol = TRY(take_protocol(value, entry));
    ports.range = TRY(parse_range(value, "port", entry));
    out.push_back(ports);
    if (comma == text.npos) return out;
    text = text.substr(comma + 1);
    if (text.empty()) return value.wrong("ends in a comma");
  }
  return out;
}

}  // namespace lodger::netmode
