// A job of systemd's manager: what starting and stopping a unit is to it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "cgroups/systemd/client/bus.hpp"

namespace lodger::cgroups::systemd {

/// The end of a job is told by a signal. Listens from its making on, before the call that gives the job its
/// name, so that no end is missed.
class Job {
 public:
  static Outcome<std::unique_ptr<Job>> listen(const Bus& bus);

  /// The job that a call's answer, "o", names: waits at most 30 s for its end, which must be "done".
  Outcome<> wait(const Message& answer);

 private:
  struct Ended {
    std::string job, result;
  };
  struct DropSlot {
    void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
  };

  explicit Job(const Bus& bus) : bus_(bus) {}
  /// Over a bus, systemd tells of its jobs only while somebody has asked for it.
  Outcome<> subscribe();
  /// sd_bus_message_handler_t; `job` is one of these.
  static int removed(sd_bus_message* message, void* job, sd_bus_error*);
  const std::string* result_of(std::string_view path) const;

  const Bus& bus_;
  std::unique_ptr<sd_bus_slot, DropSlot> slot_;
  std::vector<Ended> ended_;
};

}  // namespace lodger::cgroups::systemd
