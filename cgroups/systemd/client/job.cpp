#include "cgroups/systemd/client/job.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "kernel/time.hpp"

namespace lodger::cgroups::systemd {
namespace {

constexpr int patience_s = 30;

Outcome<> verdict(const std::string& result) {
  if (result == "done") return {};
  return refuse(
      fmt::format("the job ended with \"{}\" (\"systemctl status\" of the unit tells more)", result));
}

}  // namespace

Outcome<std::unique_ptr<Job>> Job::listen(const Bus& bus) {
  std::unique_ptr<Job> job(new Job(bus));
  const bool direct = sd_bus_is_bus_client(bus.get()) == 0;  // then signals have no sender
  if (!direct) TRY(job->subscribe());
  sd_bus_slot* slot = nullptr;
  TRY(checked(sd_bus_match_signal(bus.get(), &slot, direct ? nullptr : manager_service, manager_object,
                                  manager_interface, "JobRemoved", removed, job.get()),
              "listening to systemd's jobs"));
  job->slot_.reset(slot);
  return job;
}

Outcome<> Job::wait(const Message& answer) {
  const char* path = nullptr;
  TRY(checked(sd_bus_message_read(answer.get(), "o", &path), "reading the job's name"));
  const auto end = kernel::monotonic_ns() + std::int64_t{patience_s} * 1'000'000'000;
  for (;;) {
    if (const auto* result = result_of(path)) return verdict(*result);
    const int busy = sd_bus_process(bus_.get(), nullptr);
    TRY(checked(busy, "waiting for the job"));
    if (busy > 0) continue;
    const auto left = end - kernel::monotonic_ns();
    if (left <= 0)
      return refuse(
          fmt::format("systemd did not end the job within {} s (\"systemctl list-jobs\" shows what it "
                      "waits for)",
                      patience_s),
          ETIMEDOUT);
    TRY(checked(sd_bus_wait(bus_.get(), static_cast<std::uint64_t>(left) / 1000), "waiting for the job"));
  }
}

Outcome<> Job::subscribe() {
  BusError error;
  const auto call = TRY(new_call(bus_, "Subscribe"));
  const auto answer = send(bus_, call, "subscribing to systemd's signals", error);
  if (answer || error.is("org.freedesktop.systemd1.AlreadySubscribed")) return {};
  return std::unexpected(answer.error());
}

/// "uoss": id, job, unit, result.
int Job::removed(sd_bus_message* message, void* job, sd_bus_error*) {
  std::uint32_t id = 0;
  const char *path = nullptr, *unit = nullptr, *result = nullptr;
  if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0)
    static_cast<Job*>(job)->ended_.push_back({path, result});
  return 0;
}

const std::string* Job::result_of(std::string_view path) const {
  const auto found = std::ranges::find(ended_, path, &Ended::job);
  return found == ended_.end() ? nullptr : &found->result;
}

}  // namespace lodger::cgroups::systemd
