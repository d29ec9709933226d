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

std::string text_of(const Hardware& hardware) {
  std::string out;
  for (const auto byte : hardware) out += fmt::format("{}{:02x}", out.empty() ? "" : ":", byte);
  return out;
}

std::optional<Hardware> hardware_from(std::string_view text) {
  Hardware out{};
  for (auto& byte : out) {
    const auto word = spec::cut(text, ':');
    const auto* end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, byte, 16);
    if (word.size() != 2 || error != std::errc() || stop != end) return std::nullopt;
  }
  return text.empty() ? std::optional(out) : std::nullopt;
}

std::optional<Network> network_from(std::string_view device, std::string_view hardware,
                                    std::string_view subnet, std::string_view prefix6) {
  const auto addresses = subnet_from(subnet);
  const auto own = hardware_from(hardware);
  if (device.empty() || device.size() > 15 || device.find('/') != device.npos || !addresses || !own)
    return std::nullopt;
  Network network{std::string(device), *own, *addresses, std::nullopt};
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

bool is_bridge_name(std::string_view device) {
  constexpr std::string_view beginning = "lodger";
  if (!device.starts_with(beginning)) return false;
  device.remove_prefix(beginning.size());
  return !device.empty() && std::ranges::all_of(device, [](char c) { return c >= '0' && c <= '9'; });
}

Hardware hardware_address(V4 address) {
  Hardware out{0x02, 0x6c};
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

namespace {

constexpr V4 large_ones = 20, small_ones = 125;
/// Sixteen bits where they are rarely in use, then eight: Docker takes 172.17 to 192.168, Podman 10.88 and
/// 10.89, Kubernetes' networks 10.42, 10.96 and 10.244.
Subnet numbered(V4 number) {
  if (number < large_ones) return {10U << 24 | (61 + number) << 16, 16};
  return {192U << 24 | 168U << 16 | (130 + number - large_ones) << 8, 24};
}

}  // namespace

std::optional<Site> free_site(const std::set<std::string>& named, std::span<const Subnet> taken) {
  for (V4 number = 0; number < large_ones + small_ones; ++number) {
    Site site{fmt::format("lodger{}", number), numbered(number)};
    if (!named.contains(site.device) &&
        std::ranges::none_of(taken, [&](const Subnet& one) { return one.overlaps(site.subnet); }))
      return site;
  }
  return std::nullopt;
}

std::string to_file(const Network& network) {
  return fmt::format("device {}\nhardware {}\nsubnet {}\nsubnet6 {}\n", network.device,
                     text_of(network.hardware), network.subnet.text(), network.prefix6_text());
}

Outcome<Network> network_from_file(std::string_view text) {
  std::string_view device, hardware, subnet, prefix6;
  while (!text.empty()) {
    auto line = spec::cut(text, '\n');
    const auto name = spec::cut(line, ' ');
    if (name == "device") device = line;
    if (name == "hardware") hardware = line;
    if (name == "subnet") subnet = line;
    if (name == "subnet6") prefix6 = line;
  }
  const auto network = network_from(device, hardware, subnet, prefix6);
  if (!network) return refuse("the definition is damaged", EBADMSG);
  return *network;
}

constexpr int words_of_a_network = 4;

void append(kernel::Words& words, const Network& network) {
  words.insert(words.end(),
               {network.device, text_of(network.hardware), network.subnet.text(), network.prefix6_text()});
}

std::optional<Network> take_network(kernel::Words& words) {
  if (words.size() < words_of_a_network) return std::nullopt;
  auto network = network_from(words[0], words[1], words[2], words[3]);
  words.erase(words.begin(), words.begin() + words_of_a_network);
  return network;
}

}  // namespace lodger::netmode::bridge
