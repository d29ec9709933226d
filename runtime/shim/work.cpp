#include "runtime/shim/work.hpp"

#include <sched.h>

#include <system_error>
#include <thread>

namespace lodger::shim {

Outcome<std::unique_ptr<Work>> Work::make(Loop& loop, Part idle) {
  auto wake = TRY(explained(kernel::eventfd(), "making an eventfd"));
  std::unique_ptr<Work> work(new Work(loop, std::move(wake), std::move(idle)));
  TRY(loop.watch(work->wake_.get(), EPOLLIN, [self = work.get()](std::uint32_t) { self->finish(); }));
  return work;
}

Work::~Work() { loop_.forget(wake_.get()); }

void Work::run(Part aside, Part done) {
  ++running_;
  const auto whole = [this, aside = std::move(aside), done = std::move(done)] {
    aside();
    // Until the lock is free: whoever finds the piece finished, and be it by another's waking, may end all
    // this.
    const std::lock_guard lock(mutex_);
    finished_.push_back(done);
    (void)kernel::add_event(wake_);
  };
  try {  // std::thread tells by an exception that there is none to be had
    std::thread([whole] {
      // The working folder is changed for long chains of layers, the umask for files: unshare(2), CLONE_FS.
      (void)kernel::done("unshare", __NR_unshare, CLONE_FS);
      whole();
    }).detach();
  } catch (const std::system_error&) {
    whole();
  }
}

void Work::finish() {
  std::uint64_t count = 0;
  (void)kernel::read(wake_.get(), {reinterpret_cast<char*>(&count), sizeof count});
  std::deque<Part> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  running_ -= finished.size();
  for (const auto& done : finished) done();
  if (running_ == 0) idle_();
}

}  // namespace lodger::shim
