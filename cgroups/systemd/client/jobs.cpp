#include "cgroups/systemd/client/jobs.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "kernel/time.hpp"

namespace lodger::cgroups::systemd {
namespace {

constexpr int patience_s = 30;
constexpr const char* unit_exists = "org.freedesktop.systemd1.UnitExists";
constexpr const char* no_such_unit = "org.freedesktop.systemd1.NoSuchUnit";

/// A job of systemd's, which its end is told of by a signal. Listens from its making on, before the call that
/// gives the job its name, so that no end is missed.
class Job {
 public:
  static Outcome<std::unique_ptr<Job>> listen(const Bus& bus) {
    std::unique_ptr<Job> job(new Job(bus));
    const bool direct = sd_bus_is_bus_client(bus.get()) == 0;
    if (!direct) TRY(job->subscribe());
    sd_bus_slot* slot = nullptr;
    TRY(checked(sd_bus_match_signal(bus.get(), &slot, direct ? nullptr : "org.freedesktop.systemd1",
                                    "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                    "JobRemoved", removed, job.get()),
                "listening to systemd's jobs"));
    job->slot_.reset(slot);
    return job;
  }

  /// The job of a call's answer, "o": waits for its end.
  Outcome<> wait(const Message& answer) {
    const char* path = nullptr;
    TRY(checked(sd_bus_message_read_basic(answer.get(), 'o', &path), "reading the job's name"));
    const auto end = kernel::monotonic_ns() + std::int64_t{patience_s} * 1'000'000'000;
    for (;;) {
      if (const auto* result = result_of(path)) return verdict(*result);
      const int busy = sd_bus_process(bus_.get(), nullptr);
      TRY(checked(busy, "waiting for the job"));
      if (busy > 0) continue;
      const auto left = end - kernel::monotonic_ns();
      if (left <= 0)
        return refuse(
            fmt::format("systemd did not end the job within {} s (\"systemctl list-jobs\" shows what "
                        "it waits for)",
                        patience_s),
            ETIMEDOUT);
      TRY(checked(sd_bus_wait(bus_.get(), static_cast<std::uint64_t>(left) / 1000), "waiting for the job"));
    }
  }

 private:
  struct Ended {
    std::string job, result;
  };
  struct DropSlot {
    void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
  };

  explicit Job(const Bus& bus) : bus_(bus) {}

  /// Over a bus, systemd tells of its jobs only while somebody has asked for it.
  Outcome<> subscribe() {
    BusError error;
    const auto call = TRY(new_call(bus_, "Subscribe"));
    TRY(send(bus_, call, "subscribing to systemd's signals", error));
    return {};
  }

  /// "uoss": id, job, unit, result.
  static int removed(sd_bus_message* message, void* data, sd_bus_error*) {
    std::uint32_t id = 0;
    const char *job = nullptr, *unit = nullptr, *result = nullptr;
    if (sd_bus_message_read(message, "uoss", &id, &job, &unit, &result) >= 0)
      static_cast<Job*>(data)->ended_.push_back({job, result});
    return 0;
  }
  const std::string* result_of(std::string_view path) const {
    const auto found = std::ranges::find(ended_, path, &Ended::job);
    return found == ended_.end() ? nullptr : &found->result;
  }
  static Outcome<> verdict(const std::string& result) {
    if (result == "done") return {};
    return refuse(
        fmt::format("the job ended with \"{}\" (\"systemctl status\" of the unit tells more)", result));
  }

  const Bus& bus_;
  std::unique_ptr<sd_bus_slot, DropSlot> slot_;
  std::vector<Ended> ended_;
};

/// ResetFailedUnit(), whose own failure means that there is none.
void forget_failed(const Bus& bus, const std::string& unit) {
  const auto call = new_call(bus, "ResetFailedUnit");
  BusError error;
  if (call && sd_bus_message_append_basic(call->get(), 's', unit.c_str()) >= 0)
    (void)send(bus, *call, "", error);
}

/// 0 where it cannot be told.
int release_of(const Bus& bus) {
  BusError error;
  char* text = nullptr;
  if (sd_bus_get_property_string(bus.get(), "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                 "org.freedesktop.systemd1.Manager", "Version", error.get(), &text) < 0)
    return 0;
  const int release = std::atoi(text + (*text == 'v'));  // "252.39-1~deb12u2", "v245-2"
  std::free(text);
  return release;
}

/// Those that this systemd takes; it is asked for its age only where one of them has any.
std::vector<Property> known_to(const Bus& bus, std::vector<Property> properties) {
  if (std::ranges::none_of(properties, [](const auto& p) { return p.since > 0; })) return properties;
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

}  // namespace

Outcome<> start(const Bus& bus, const std::string& unit, const std::vector<Property>& wanted) {
  const auto job = TRY(Job::listen(bus));
  const auto properties = known_to(bus, wanted);
  BusError error;
  auto answer = call_start(bus, unit, properties, error);
  if (!answer && error.is(unit_exists)) {
    forget_failed(bus, unit);
    BusError again;
    answer = call_start(bus, unit, properties, again);
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

Outcome<> set(const Bus& bus, const std::string& unit, const std::vector<Property>& properties) {
  constexpr int until_reboot = 1;
  const auto call = TRY(new_call(bus, "SetUnitProperties"));
  TRY(checked(sd_bus_message_append(call.get(), "sb", unit.c_str(), until_reboot), "writing the call"));
  TRY(append(call, known_to(bus, properties)));
  BusError error;
  TRY(send(bus, call, "", error));
  return {};
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
