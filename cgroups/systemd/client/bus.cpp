#include "cgroups/systemd/client/bus.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace lodger::cgroups::systemd {
namespace {

constexpr std::uint64_t patience_us = 25'000'000;  // systemctl's

/// The socket that a manager itself listens on; empty: there can be none.
std::string own_socket(bool user) {
  if (!user) return "/run/systemd/private";
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  return folder ? fmt::format("{}/systemd/private", folder) : "";
}

/// Until the other side has accepted us: a connection may yet be refused while it is set up.
int greeted(sd_bus* bus) {
  for (;;) {
    const int ready = sd_bus_is_ready(bus);
    if (ready != 0) return ready;
    int busy = sd_bus_process(bus, nullptr);
    if (busy == 0) busy = sd_bus_wait(bus, patience_us);
    if (busy < 0) return busy;
  }
}

/// A connection without a bus between; nothing where that is not possible.
Bus connect_directly(const std::string& path) {
  sd_bus* made = nullptr;
  if (path.empty() || ::access(path.c_str(), W_OK) != 0 || sd_bus_new(&made) < 0) return nullptr;
  Bus bus(made);
  const auto address = fmt::format("unix:path={}", path);
  if (sd_bus_set_address(made, address.c_str()) < 0 || sd_bus_start(made) < 0) return nullptr;
  return greeted(made) >= 0 ? std::move(bus) : nullptr;
}

const char* hint(bool user) {
  return user ? " (a user's systemd is reached through XDG_RUNTIME_DIR or DBUS_SESSION_BUS_ADDRESS, and runs "
                "while the user is logged in, or always after \"loginctl enable-linger\")"
              : " (is systemd the init of this machine?)";
}

Outcome<> append_value(sd_bus_message* message, const Value& value);

Outcome<> append_items(sd_bus_message* message, char kind, const std::string& contents, const Value& value) {
  TRY(checked(sd_bus_message_open_container(message, kind, contents.c_str()), "writing a container"));
  for (const auto& item : value.items) TRY(append_value(message, item));
  return checked(sd_bus_message_close_container(message), "writing a container");
}

template <class Type>
Outcome<> append_number(sd_bus_message* message, char type, Type number) {
  return checked(sd_bus_message_append_basic(message, type, &number), "writing a number");
}

Outcome<> append_value(sd_bus_message* message, const Value& value) {
  const char type = value.type.front();
  const auto& text = value.text;
  const auto integer = [&] { return std::strtoll(text.c_str(), nullptr, 10); };
  switch (type) {
    case 'a': return append_items(message, 'a', value.type.substr(1), value);
    case '(': return append_items(message, 'r', value.type.substr(1, value.type.size() - 2), value);
    case 'b': return append_number(message, type, static_cast<int>(text == "true"));
    case 'y': return append_number(message, type, static_cast<std::uint8_t>(integer()));
    case 'n': return append_number(message, type, static_cast<std::int16_t>(integer()));
    case 'q': return append_number(message, type, static_cast<std::uint16_t>(integer()));
    case 'i': return append_number(message, type, static_cast<std::int32_t>(integer()));
    case 'u': return append_number(message, type, static_cast<std::uint32_t>(integer()));
    case 'x': return append_number(message, type, static_cast<std::int64_t>(integer()));
    case 't': return append_number(message, type, std::uint64_t{std::strtoull(text.c_str(), nullptr, 10)});
    case 'd': return append_number(message, type, std::strtod(text.c_str(), nullptr));
    default: return checked(sd_bus_message_append_basic(message, type, text.c_str()), "writing a text");
  }
}

Outcome<> append_property(sd_bus_message* message, const Property& property) {
  constexpr std::string_view doing = "writing a property";
  TRY(checked(sd_bus_message_open_container(message, 'r', "sv"), doing));
  TRY(checked(sd_bus_message_append_basic(message, 's', property.name.c_str()), doing));
  TRY(checked(sd_bus_message_open_container(message, 'v', property.value.type.c_str()), doing));
  TRY(append_value(message, property.value));
  TRY(checked(sd_bus_message_close_container(message), doing));
  return checked(sd_bus_message_close_container(message), doing);
}

}  // namespace

Failure BusError::failure(std::string_view doing, int code) const {
  const std::string_view words = error_.message ? error_.message : error_text(-code);
  return {doing.empty() ? std::string(words) : fmt::format("{}: {}", doing, words), -code};
}

Outcome<> checked(int result, std::string_view doing) {
  if (result >= 0) return {};
  return refuse(fmt::format("{}: {}", doing, error_text(-result)), -result);
}

Outcome<Bus> connect_to_manager(bool user) {
  if (Bus direct = connect_directly(own_socket(user))) return direct;
  sd_bus* made = nullptr;
  int result = user ? sd_bus_open_user(&made) : sd_bus_open_system(&made);
  Bus bus(made);
  if (result >= 0) result = greeted(made);
  if (result >= 0) return bus;
  return refuse(fmt::format("unable to connect to {} systemd: {}{}", user ? "the user's" : "the system's",
                            error_text(-result), hint(user)),
                -result);
}

Outcome<Message> new_call(const Bus& bus, const char* method) {
  sd_bus_message* made = nullptr;
  TRY(checked(sd_bus_message_new_method_call(bus.get(), &made, manager_service, manager_object,
                                             manager_interface, method),
              method));
  return Message(made);
}

Outcome<Message> send(const Bus& bus, const Message& call, std::string_view doing, BusError& error) {
  sd_bus_message* answer = nullptr;
  const int result = sd_bus_call(bus.get(), call.get(), patience_us, error.get(), &answer);
  if (result < 0) return std::unexpected(error.failure(doing, result));
  return Message(answer);
}

Outcome<> append(const Message& message, const std::vector<Property>& properties) {
  constexpr std::string_view doing = "writing the properties";
  TRY(checked(sd_bus_message_open_container(message.get(), 'a', "(sv)"), doing));
  for (const auto& property : properties) TRY(append_property(message.get(), property));
  return checked(sd_bus_message_close_container(message.get()), doing);
}

}  // namespace lodger::cgroups::systemd
