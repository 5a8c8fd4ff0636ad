#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "config/config.h"
#include "core/bounded_queue.h"
#include "core/clock.h"
#include "core/result.h"
#include "daemon/answer/coverage.h"
#include "daemon/audit_log.h"
#include "daemon/check_loop.h"
#include "daemon/daemon_status.h"
#include "daemon/http/api_server.h"
#include "daemon/index_freshness.h"
#include "daemon/ingest.h"
#include "daemon/packer_loop.h"
#include "daemon/reply_reasons.h"
#include "daemon/source/source_set.h"
#include "daemon/webmail_clients.h"
#include "daemon/writer_loop.h"
#include "store/open_leg_reader.h"
#include "store/writer.h"

namespace rastro {

// The daemon: wires everything, owns every thread. Stop order: api stops accepting, sources stop,
// correlator flushes, writer commits, all joined.
// Threads: main only.
class App {
 public:
  App(Config config, const Clock& clock);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  Result<void> start();
  // What was still written while it stopped.
  struct Stopped {
    std::uint64_t legs = 0;
    bool all_committed = false;  // else what is missing is read again at the next start
  };
  Stopped stop();

  // Whether ingest has done a turn since the last call, or waits for the disk: the watchdog's
  // question.
  bool alive();

  // The state directory is not the one that was opened, and may be opened again: only a new start
  // reads on from where the index there ends.
  bool wants_new_start() const;

 private:
  Result<void> load_index();
  void run_ingest();
  void wake_ingest();  // any thread
  void wait_for_lines(Ingest::Pace pace);
  void note_problems();
  void note_files_set_aside();
  bool can_be_read_again() const;
  void note_stamps_ahead(Duration ahead);
  bool is_told(const SourceProblem& problem) const;  // the ingest thread's
  void publish(bool caught_up);
  QueryTools query_tools();
  std::string status_json(bool lines) const;
  std::string health_json() const;
  ReadState read_state() const;

  Config config_;
  const Clock& clock_;
  WebmailClients webmail_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<OpenLegReader> open_legs_;
  std::unique_ptr<SourceSet> sources_;
  BoundedQueue<NumberedBatch> unpacked_;  // used only when lines are copied
  BoundedQueue<NumberedBatch> batches_;
  std::unique_ptr<WriterLoop> writer_loop_;
  std::unique_ptr<ReplyReasons> reasons_;    // ingest borrows it
  std::unique_ptr<PackerLoop> packer_loop_;  // null: no lines are copied
  std::unique_ptr<CheckLoop> check_loop_;    // null: the start has checked every file
  std::unique_ptr<Ingest> ingest_;
  boost::asio::io_context ingest_context_;  // where it waits for its logs to change
  bool woken_ = false;                      // ingest's: there may be something to do
  std::atomic<bool> wake_posted_{false};
  IndexFreshness freshness_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<ApiServer> api_;
  Time stored_line_at_{};          // the newest line that was read before this start
  std::vector<Overlap> overlaps_;  // the ingest thread's
  // Through std::atomic_load and atomic_store: tsan does not see what GCC 12's atomic<shared_ptr>
  // does.
  std::shared_ptr<const DaemonStatus> status_;
  std::thread writer_thread_;
  std::thread packer_thread_;
  std::thread check_thread_;
  std::thread ingest_thread_;
  std::map<std::string, SourceProblem> problems_;  // ingest's: of sources that cannot be read now
  bool read_to_end_told_ = false;                  // ingest's: since this start
  bool ahead_told_ = false;                        // ingest's: that stamps are in the future
  std::set<std::string> files_told_;               // ingest's: those set aside, in the journal
  std::atomic<bool> stopping_{false};
  std::atomic<bool> turned_{false};
  std::atomic<bool> ingest_ended_{false};
};

}  // namespace rastro
