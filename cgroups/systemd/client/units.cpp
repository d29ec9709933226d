#include "cgroups/systemd/client/units.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "cgroups/systemd/client/job.hpp"
#include "spec/text.hpp"

namespace lodger::cgroups::systemd {
namespace {

constexpr const char* unit_exists = "org.freedesktop.systemd1.UnitExists";
constexpr const char* no_such_unit = "org.freedesktop.systemd1.NoSuchUnit";

/// ResetFailedUnit(), whose own failure means that there is none.
void forget_failed(const Bus& bus, const std::string& unit) {
  const auto call = new_call(bus, "ResetFailedUnit");
  BusError error;
  if (call && sd_bus_message_append_basic(call->get(), 's', unit.c_str()) >= 0)
    (void)send(bus, *call, "", error);
}

/// "252.39-1~deb12u2", "v245-2": its first number. 0 where it cannot be told.
int release_of(const Bus& bus) {
  BusError error;
  char* text = nullptr;
  if (sd_bus_get_property_string(bus.get(), manager_service, manager_object, manager_interface, "Version",
                                 error.get(), &text) < 0)
    return 0;
  const std::string version(text);
  std::free(text);
  const auto first = version.find_first_of("0123456789");
  if (first == version.npos) return 0;
  const auto number = version.substr(first, version.find_first_not_of("0123456789", first) - first);
  return spec::whole_number<int>(number).value_or(0);
}

/// Those that this systemd takes. Asked for only once it has refused some: a new one takes all.
std::vector<Property> known_to(const Bus& bus, std::vector<Property> properties) {
  const int release = release_of(bus);
  std::erase_if(properties, [&](const Property& p) { return p.since > release; });
  return properties;
}

Outcome<Message> call_start(const Bus& bus, const std::string& unit, const std::vector<Property>& properties,
                            BusError& error) {
  constexpr std::string_view doing = "writing the call";
  auto call = TRY(new_call(bus, "StartTransientUnit"));
  TRY(checked(sd_bus_message_append(call.get(), "ss", unit.c_str(), "replace"), doing));
  TRY(append(call, properties));
  TRY(checked(sd_bus_message_append(call.get(), "a(sa(sv))", 0U), doing));
  return send(bus, call, "", error);
}

Outcome<Message> call_stop(const Bus& bus, const std::string& unit, BusError& error) {
  const auto call = TRY(new_call(bus, "StopUnit"));
  TRY(checked(sd_bus_message_append(call.get(), "ss", unit.c_str(), "replace"), "writing the call"));
  return send(bus, call, "", error);
}

Outcome<> call_set(const Bus& bus, const std::string& unit, const std::vector<Property>& properties) {
  constexpr int until_reboot = 1;
  const auto call = TRY(new_call(bus, "SetUnitProperties"));
  TRY(checked(sd_bus_message_append(call.get(), "sb", unit.c_str(), until_reboot), "writing the call"));
  TRY(append(call, properties));
  BusError error;
  TRY(send(bus, call, "", error));
  return {};
}

}  // namespace

Outcome<> start(const Bus& bus, const std::string& unit, const std::vector<Property>& wanted) {
  const auto job = TRY(Job::listen(bus));
  BusError error;
  auto answer = call_start(bus, unit, wanted, error);
  if (!answer && error.is(unit_exists)) {
    forget_failed(bus, unit);
    BusError again;
    answer = call_start(bus, unit, wanted, again);
  } else if (const auto known = answer ? wanted : known_to(bus, wanted); known.size() < wanted.size()) {
    BusError again;
    answer = call_start(bus, unit, known, again);
  }
  if (!answer) return std::unexpected(answer.error());
  auto ended = job->wait(*answer);
  if (!ended) {  // the unit is ours, and of no use
    BusError ignored;
    (void)call_stop(bus, unit, ignored);
    forget_failed(bus, unit);
  }
  return ended;
}

Outcome<> stop(const Bus& bus, const std::string& unit) {
  const auto job = TRY(Job::listen(bus));
  BusError error;
  const auto answer = call_stop(bus, unit, error);
  if (!answer && error.is(no_such_unit)) return {};
  const auto ended = answer ? job->wait(*answer) : std::unexpected(answer.error());
  forget_failed(bus, unit);
  return ended;
}

Outcome<> set(const Bus& bus, const std::string& unit, const std::vector<Property>& wanted) {
  const auto done = call_set(bus, unit, wanted);
  if (done) return {};
  const auto known = known_to(bus, wanted);
  return known.size() < wanted.size() ? call_set(bus, unit, known) : done;
}

Outcome<> attach(const Bus& bus, const std::string& unit, const std::string& below, const std::string& pid) {
  const auto call = TRY(new_call(bus, "AttachProcessesToUnit"));
  const auto number = static_cast<std::uint32_t>(std::strtoul(pid.c_str(), nullptr, 10));
  TRY(checked(sd_bus_message_append(call.get(), "ssau", unit.c_str(), below.c_str(), 1U, number),
              "writing the call"));
  BusError error;
  TRY(send(bus, call, "", error));
  return {};
}

}  // namespace lodger::cgroups::systemd
