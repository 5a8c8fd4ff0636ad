#include "daemon/http/api_server.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <map>
#include <thread>

#include "core/bounded_queue.h"
#include "daemon/http/follow.h"
#include "daemon/http/listener.h"
#include "daemon/http/rate_limit.h"
#include "daemon/http/routes.h"

namespace rastro {
namespace {

using Protocol = boost::asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptAgain{100};  // after "too many open files"
constexpr std::size_t kRefusedAtOnceMax = 32;
constexpr std::chrono::milliseconds kLookInterval{500};  // for changes to follow
constexpr std::chrono::seconds kSignOfLife{15};
constexpr std::chrono::milliseconds kWorkAheadEvery{10'000};
constexpr std::chrono::milliseconds kWorkAheadPause{1'000};  // some 50 ms each: nobody waits for it

// Counts a report for as long as it is being made.
class ReportsNow {
 public:
  ReportsNow(std::atomic<std::size_t>& reports, bool is_one)
      : reports_(reports), is_one_(is_one), now_(is_one ? ++reports : 0) {}
  ~ReportsNow() {
    if (is_one_) --reports_;
  }
  ReportsNow(const ReportsNow&) = delete;
  ReportsNow& operator=(const ReportsNow&) = delete;
  std::size_t now() const { return now_; }  // this one too; 0: it is none

 private:
  std::atomic<std::size_t>& reports_;
  bool is_one_;
  std::size_t now_;
};

}  // namespace

class ApiServer::State final : public HttpSessionHost {
 public:
  State(ApiOptions options, Router router, std::function<QueryTools()> make_tools,
        std::function<void(const AuditRecord&)> audit, const Clock& clock)
      : options_(std::move(options)),
        router_(std::move(router)),
        make_tools_(std::move(make_tools)),
        audit_(std::move(audit)),
        clock_(clock),
        rate_(options_.requests_per_second_max),
        waiting_(options_.waiting_max) {
    router_.add({.path = "/v1",
                 .access = Access::anyone,
                 .immediate = true,
                 .handle_at_once = [this](const ApiRequest& /*request*/) {
                   return describe_routes(router_);
                 }});
  }
  ~State() override { stop(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<void> start();
  void stop();
  ApiCounters counters() const;

  const Router& router() const override { return router_; }
  const HttpLimits& limits() const override { return options_.session; }
  const Clock& clock() const override { return clock_; }
  bool admit(const SocketPeer& peer) override;
  bool submit(std::shared_ptr<Work> work) override;
  bool stopping() const override { return waiting_.closed(); }
  bool reserve_body(std::size_t bytes) override;
  void release_body(std::size_t bytes) override { body_bytes_ -= bytes; }
  void count(const Route* route, unsigned status) override {
    ++requests_[{route == nullptr ? "" : route->path, status}];
  }
  void closed(HttpSession& session) override;
  void follow(const std::shared_ptr<HttpSession>& session,
              std::shared_ptr<const Follower> follower) override;

 private:
  using Job = std::function<void(QueryTools&)>;
  struct Following {
    std::weak_ptr<HttpSession> session;
    std::shared_ptr<const Follower> follower;
  };
  void accept();
  void on_connection(Protocol::socket socket);
  void run_api();
  void run_queries();
  void run_work(Work& work, QueryTools& tools);
  void look_for_changes_later();
  void look_for_changes();
  void work_ahead_later(std::chrono::milliseconds wait);
  void push_events(const std::vector<Following>& to, const FollowEvents& events);
  ApiAnswer answer(Work& work, QueryTools& tools);

  ApiOptions options_;
  Router router_;
  std::function<QueryTools()> make_tools_;
  std::function<void(const AuditRecord&)> audit_;
  const Clock& clock_;
  RateLimit rate_;
  std::map<HttpSession*, bool> sessions_;  // open ones; true: refused, not counted to its user
  std::map<uid_t, std::size_t> sessions_of_;
  std::size_t refused_now_ = 0;
  std::uint64_t refused_ = 0;
  std::size_t body_bytes_ = 0;
  std::map<std::pair<std::string, unsigned>, std::uint64_t> requests_;
  BoundedQueue<Job> waiting_;
  std::vector<Following> following_;
  std::shared_ptr<FollowReader> follow_reader_;
  bool looking_ = false;  // for changes; or the timer for it runs
  Duration pushed_at_{0};
  std::atomic<bool> ends_now_ = false;
  std::atomic<std::size_t> reports_ = 0;  // being made
  std::vector<std::thread> query_threads_;
  std::thread api_thread_;
  bool listening_ = false;
  // Last: what it still holds at the end refers to the rest.
  boost::asio::io_context context_{1};
  Protocol::acceptor acceptor_{context_};
  boost::asio::steady_timer accept_again_{context_};
  boost::asio::steady_timer look_again_{context_};
  boost::asio::steady_timer work_ahead_{context_};
};

Result<void> ApiServer::State::start() {
  const auto listener = listen_at(options_.socket, options_.socket_mode, options_.socket_group);
  if (!listener) return listener.error();
  listening_ = true;
  acceptor_.assign(Protocol(), *listener);
  accept();
  work_ahead_later(kWorkAheadPause);
  api_thread_ = std::thread([this] { run_api(); });
  for (std::size_t i = 0; i < options_.threads; ++i) {
    query_threads_.emplace_back([this, i] {
      pthread_setname_np(pthread_self(), ("query-" + std::to_string(i)).c_str());
      run_queries();
    });
  }
  return {};
}

void ApiServer::State::stop() {
  if (!listening_) return;
  listening_ = false;
  boost::asio::post(context_, [this] {
    error_code ignored;
    acceptor_.close(ignored);
    accept_again_.cancel();
    look_again_.cancel();
    work_ahead_.cancel();
  });
  waiting_.close();
  ends_now_ = true;
  for (auto& thread : query_threads_) thread.join();
  query_threads_.clear();
  context_.stop();
  api_thread_.join();
  unlink(options_.socket.c_str());
}

void ApiServer::State::run_api() {
  pthread_setname_np(pthread_self(), "api");
  const auto guard = boost::asio::make_work_guard(context_);
  context_.run();
}

void ApiServer::State::accept() {
  acceptor_.async_accept([this](error_code error, Protocol::socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) {
      on_connection(std::move(socket));
      return accept();
    }
    // No descriptor left, most likely: those that are open will be closed again.
    accept_again_.expires_after(kAcceptAgain);
    accept_again_.async_wait([this](error_code cancelled) {
      if (!cancelled && acceptor_.is_open()) accept();
    });
  });
}

void ApiServer::State::on_connection(Protocol::socket socket) {
  auto peer = peer_of(socket.native_handle());
  peer.role = role_of(peer, options_.roles);
  if (peer.role == Role::support) peer.domains = options_.roles.support_domains;
  const auto uid = peer.uid;
  const auto counted = sessions_.size() - refused_now_;
  const auto own = sessions_of_.find(uid);
  const bool user_full =
      own != sessions_of_.end() && own->second >= options_.connections_per_user_max;
  const bool full = counted >= options_.connections_max;
  if ((full || user_full) && refused_now_ >= kRefusedAtOnceMax) {
    ++refused_;
    return;  // closed without a word
  }
  auto session = std::make_shared<HttpSession>(std::move(socket), std::move(peer), *this);
  sessions_.emplace(session.get(), full || user_full);
  if (!full && !user_full) {
    ++sessions_of_[uid];
    return session->start();
  }
  ++refused_;
  ++refused_now_;
  session->refuse(
      user_full
          ? problem(503, "busy", "api.connections_per_user_max connections of this user are open")
          : problem(503, "busy", "api.connections_max connections are open"));
}

void ApiServer::State::closed(HttpSession& session) {
  const auto found = sessions_.find(&session);
  if (found == sessions_.end()) return;
  if (found->second) {
    --refused_now_;
  } else {
    const auto own = sessions_of_.find(session.peer().uid);
    if (own != sessions_of_.end() && --own->second == 0) sessions_of_.erase(own);
  }
  sessions_.erase(found);
}

bool ApiServer::State::admit(const SocketPeer& peer) {
  // root and the daemon's own user read the files anyway.
  const auto& exempt = options_.roles.always_operators;
  if (std::ranges::find(exempt, peer.uid) != exempt.end()) return true;
  return rate_.admit(peer.uid, clock_.steady());
}

bool ApiServer::State::reserve_body(std::size_t bytes) {
  if (bytes > options_.bodies_bytes_max - body_bytes_) return false;
  body_bytes_ += bytes;
  return true;
}

bool ApiServer::State::submit(std::shared_ptr<Work> work) {
  Job job = [this, work = std::move(work)](QueryTools& tools) { run_work(*work, tools); };
  return waiting_.try_push(job);
}

void ApiServer::State::run_queries() {
  auto tools = make_tools_();
  for (;;) {
    const auto job = waiting_.pop();
    if (!job) return;
    (*job)(tools);
  }
}

void ApiServer::State::run_work(Work& work, QueryTools& tools) {
  auto given = answer(work, tools);
  // The session is the api thread's: this thread must not be the one that lets it go.
  boost::asio::post(context_,
                    [session = std::move(work.session), given = std::move(given)]() mutable {
                      session->send(std::move(given));
                    });
}

void ApiServer::State::follow(const std::shared_ptr<HttpSession>& session,
                              std::shared_ptr<const Follower> follower) {
  if (following_.empty()) follow_reader_ = std::make_shared<FollowReader>();
  following_.push_back({session, std::move(follower)});
  // The first look only notes where the index ends now.
  if (!looking_) look_for_changes();
}

void ApiServer::State::look_for_changes_later() {
  looking_ = true;
  look_again_.expires_after(kLookInterval);
  look_again_.async_wait([this](error_code cancelled) {
    looking_ = false;
    if (!cancelled) look_for_changes();
  });
}

void ApiServer::State::work_ahead_later(std::chrono::milliseconds wait) {
  work_ahead_.expires_after(wait);
  work_ahead_.async_wait([this](error_code cancelled) {
    if (cancelled) return;
    Job job = [this](QueryTools& tools) {
      const bool more = tools.store && tools.store->work_ahead();
      boost::asio::post(
          context_, [this, more] { work_ahead_later(more ? kWorkAheadPause : kWorkAheadEvery); });
    };
    if (!waiting_.try_push(job)) work_ahead_later(kWorkAheadEvery);
  });
}

void ApiServer::State::look_for_changes() {
  std::erase_if(following_, [](const Following& one) { return one.session.expired(); });
  if (following_.empty()) return;
  looking_ = true;
  Job job = [this, reader = follow_reader_, to = following_](QueryTools& tools) {
    std::vector<std::shared_ptr<const Follower>> followers;
    followers.reserve(to.size());
    for (const auto& one : to) followers.push_back(one.follower);
    if (tools.refresh) tools.refresh();
    boost::asio::post(context_, [this, to, events = reader->read(tools, followers)] {
      push_events(to, events);
      look_for_changes_later();
    });
  };
  // When the queue is full the questions go first: what changed is still there next time.
  if (!waiting_.try_push(job)) look_for_changes_later();
}

void ApiServer::State::push_events(const std::vector<Following>& to, const FollowEvents& events) {
  const bool sign_of_life = clock_.steady() - pushed_at_ >= kSignOfLife;
  if (sign_of_life) pushed_at_ = clock_.steady();
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto session = to[i].session.lock();
    if (!session) continue;
    session->push_events(events[i].empty() && sign_of_life ? std::string_view(": still here\n\n")
                                                           : std::string_view(events[i]));
  }
}

ApiAnswer ApiServer::State::answer(Work& work, QueryTools& tools) {
  auto& request = work.request;
  const bool report = work.route->report;
  const auto limit = report ? options_.report_timeout : options_.request_timeout;
  if (limit > Duration::zero()) {
    request.time_left = limit - (clock_.steady() - work.received_at);
    if (request.time_left <= Duration::zero())
      return problem(503, "busy",
                     std::string("the question waited longer than api.") +
                         (report ? "report_timeout" : "request_timeout"));
  }
  request.stopping = &ends_now_;
  const ReportsNow reports(reports_, report);
  if (reports.now() > std::max<std::size_t>(options_.threads, 2) - 1)
    return problem(503, "busy", "another summary is being made: one query thread is for the rest");
  ApiAnswer given;
  try {
    if (tools.refresh) tools.refresh();
    const OneState state(*tools.store);
    given = work.route->handle(request, tools);
  } catch (const std::exception& error) {  // a library's: memory, most likely
    given = problem(500, "the question could not be answered", error.what());
  }
  if (audit_ && (work.route->audited || work.route->access >= Access::personal_data))
    audit_({clock_.wall(), request, work.route->path, given.status, given.rows});
  return given;
}

ApiCounters ApiServer::State::counters() const {
  ApiCounters out;
  for (const auto& [key, number] : requests_)
    out.requests.push_back({key.first, key.second, number});
  out.connections_refused = refused_;
  out.connections = sessions_.size() - refused_now_;
  return out;
}

ApiServer::ApiServer(ApiOptions options, Router router, std::function<QueryTools()> make_tools,
                     std::function<void(const AuditRecord&)> audit, const Clock& clock)
    : state_(new State(std::move(options), std::move(router), std::move(make_tools),
                       std::move(audit), clock)) {}
ApiServer::~ApiServer() = default;
Result<void> ApiServer::start() { return state_->start(); }
void ApiServer::stop() { state_->stop(); }
ApiCounters ApiServer::counters() const { return state_->counters(); }

}  // namespace rastro
