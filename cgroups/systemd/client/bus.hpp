// systemd's own D-Bus library, in the terms of this house. sd-bus(3).
#pragma once
#include <systemd/sd-bus.h>

#include <memory>
#include <string_view>

#include "cgroups/systemd/value.hpp"
#include "kernel/failure.hpp"

namespace lodger::cgroups::systemd {

// Where the manager is, on a bus and on its own socket alike.
inline constexpr const char* manager_service = "org.freedesktop.systemd1";
inline constexpr const char* manager_object = "/org/freedesktop/systemd1";
inline constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";

struct CloseBus {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
using Bus = std::unique_ptr<sd_bus, CloseBus>;

struct DropMessage {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, DropMessage>;

/// The error of a call, in the peer's words or those of errno.
class BusError {
 public:
  BusError() = default;
  ~BusError() { sd_bus_error_free(&error_); }
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;

  sd_bus_error* get() { return &error_; }
  bool is(const char* name) const { return sd_bus_error_has_name(&error_, name) > 0; }
  /// `code`: the negative errno that the library gave.
  Failure failure(std::string_view doing, int code) const;

 private:
  sd_bus_error error_ = SD_BUS_ERROR_NULL;
};

/// Root speaks to the manager's own socket, as systemctl does, so that no bus is needed and none is loaded;
/// for everybody else, and where there is no such socket, the way is the bus.
Outcome<Bus> connect_to_manager(bool user);

/// A call to the manager, not yet sent.
Outcome<Message> new_call(const Bus& bus, const char* method);
/// Sends it and waits for the answer. `error` has the peer's own words when this fails.
Outcome<Message> send(const Bus& bus, const Message& call, std::string_view doing, BusError& error);

/// For the library's calls that fail for want of memory or by our own mistake.
Outcome<> checked(int result, std::string_view doing);

/// Appends "a(sv)".
Outcome<> append(const Message& message, const std::vector<Property>& properties);

}  // namespace lodger::cgroups::systemd
