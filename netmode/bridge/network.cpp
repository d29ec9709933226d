#include "netmode/bridge/network.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "spec/text.hpp"

namespace lodger::netmode::bridge {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::optional<Subnet> subnet_from(std::string_view text) {
  const auto address = v4_from(std::string(spec::cut(text, '/')));
  const auto length = spec::whole_number<int>(text);
  if (!address || !length || (*length != 16 && *length != 24)) return std::nullopt;
  const Subnet subnet{*address, *length};
  const V4 behind = ~V4{0} >> *length;
  return (*address & behind) == 0 ? std::optional(subnet) : std::nullopt;
}

std::optional<V6> prefix6_from(std::string_view text) {
  const std::string address(spec::cut(text, '/'));
  return text == "64" ? v6_from(address) : std::nullopt;
}

std::optional<Network> network_from(std::string_view device, std::string_view subnet,
                                    std::string_view prefix6) {
  const auto addresses = subnet_from(subnet);
  if (device.empty() || device.size() > 15 || device.find('/') != device.npos || !addresses)
    return std::nullopt;
  Network network{std::string(device), *addresses, std::nullopt};
  if (prefix6.empty()) return network;
  network.prefix6 = prefix6_from(prefix6);
  return network.prefix6 ? std::optional(network) : std::nullopt;
}

}  // namespace

std::optional<V6> Network::v6_of(V4 address) const {
  if (!prefix6) return std::nullopt;
  V6 out = *prefix6;
  const V4 place = htonl(address - subnet.first);
  std::memcpy(out.data() + 12, &place, sizeof place);
  return out;
}

std::string pair_name(V4 address) { return fmt::format("lg{:08x}", address); }

std::optional<V4> address_of_pair(std::string_view device) {
  if (device.size() != 10 || !device.starts_with("lg")) return std::nullopt;
  V4 address = 0;
  const auto* end = device.data() + device.size();
  const auto [stop, error] = std::from_chars(device.data() + 2, end, address, 16);
  return error == std::errc() && stop == end ? std::optional(address) : std::nullopt;
}

std::array<std::uint8_t, 6> hardware_address(V4 address) {
  std::array<std::uint8_t, 6> out{0x02, 0x6c};
  const V4 raw = htonl(address);
  std::memcpy(out.data() + 2, &raw, sizeof raw);
  return out;
}

Outcome<> check_name(std::string_view name) {
  const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-'; };
  if (!name.empty() && name.size() <= 64 && is_letter_or_digit(name.front()) &&
      std::ranges::all_of(name, allowed))
    return {};
  return refuse(
      fmt::format("invalid network name \"{}\": letters, digits and any of _ . - are allowed, at most 64 of "
                  "them, a letter or digit first",
                  name),
      EINVAL);
}

/// Sixteen bits where they are rarely in use, then eight: Docker takes 172.17 to 192.168, Podman 10.88 and
/// 10.89, Kubernetes' networks 10.42, 10.96 and 10.244.
std::optional<Subnet> free_subnet(std::span<const Subnet> taken) {
  const auto is_free = [&](const Subnet& candidate) {
    return std::ranges::none_of(taken, [&](const Subnet& one) { return one.overlaps(candidate); });
  };
  for (V4 second = 61; second < 81; ++second)
    if (const Subnet candidate{10U << 24 | second << 16, 16}; is_free(candidate)) return candidate;
  for (V4 third = 130; third < 255; ++third)
    if (const Subnet candidate{192U << 24 | 168U << 16 | third << 8, 24}; is_free(candidate))
      return candidate;
  return std::nullopt;
}

std::string to_file(const Network& network) {
  return fmt::format("device {}\nsubnet {}\nsubnet6 {}\n", network.device, network.subnet.text(),
                     network.prefix6_text());
}

Outcome<Network> network_from_file(std::string_view text) {
  std::string_view device, subnet, prefix6;
  while (!text.empty()) {
    auto line = spec::cut(text, '\n');
    const auto name = spec::cut(line, ' ');
    if (name == "device") device = line;
    if (name == "subnet") subnet = line;
    if (name == "subnet6") prefix6 = line;
  }
  const auto network = network_from(device, subnet, prefix6);
  if (!network) return refuse("the definition is damaged", EBADMSG);
  return *network;
}

void append(kernel::Words& words, const Network& network) {
  words.insert(words.end(), {network.device, network.subnet.text(), network.prefix6_text()});
}

std::optional<Network> take_network(kernel::Words& words) {
  if (words.size() < 3) return std::nullopt;
  auto network = network_from(words[0], words[1], words[2]);
  words.erase(words.begin(), words.begin() + 3);
  return network;
}

}  // namespace lodger::netmode::bridge
