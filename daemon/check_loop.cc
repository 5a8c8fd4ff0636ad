#include "daemon/check_loop.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "store/shard.h"

namespace rastro {
namespace {

// linux/ioprio.h, which glibc has no names for: the class "idle" of this thread.
constexpr int kIoPriorityOfProcess = 1;
constexpr int kIoPriorityIdle = 3 << 13;
constexpr int kLowestPriority = 19;

void yield_to_everybody() {
  const auto thread = static_cast<id_t>(::gettid());
  static_cast<void>(::setpriority(PRIO_PROCESS, thread, kLowestPriority));
  static_cast<void>(::syscall(SYS_ioprio_set, kIoPriorityOfProcess, 0, kIoPriorityIdle));
}

}  // namespace

bool CheckLoop::is_needed(const StoreSnapshot& snapshot) {
  return std::ranges::any_of(snapshot.files, [](const auto& view) { return !view->checked; });
}

void CheckLoop::run() {
  yield_to_everybody();
  const auto& files = snapshot_->files;
  for (auto view = files.rbegin(); view != files.rend() && !stopping_.load(); ++view) {
    if (!(*view)->checked) check(**view, view == files.rbegin());
  }
}

void CheckLoop::stop() {
  stopping_.store(true);
  if (auto* database = running_.load()) database->interrupt();
}

void CheckLoop::check(const FileView& view, bool newest) {
  auto database = Database::open(view.path, Database::Mode::read_only);
  if (!database) return;  // retention was faster, or a question finds it unreadable
  database_.emplace(std::move(*database));
  running_.store(&*database_);
  const auto done = stopping_.load() ? Result<void>() : check_whole(*database_);
  running_.store(nullptr);
  if (stopping_.load()) return;
  database_.reset();
  if (done || done.error().code != Error::Code::corrupt) return;
  view.damaged->store(true);
  spdlog::error("{}{}", done.error().message,
                newest ? ": the next start sets it aside and reads its lines again" : "");
}

}  // namespace rastro
