#include "daemon/http/api_server.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstring>
#include <future>
#include <memory>
#include <string>

#include "daemon/http/routes.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using samples::simple_leg;
using testing::HasSubstr;
using testing::StartsWith;

// A raw client: it may say anything, and slowly.
class RawClient {
 public:
  explicit RawClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    const timeval limit{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~RawClient() { close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void say(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // Until the server closes.
  std::string read_all() {
    while (read_more()) {
    }
    return std::exchange(got_, "");
  }
  // Until `mark` came.
  std::string read_until(std::string_view mark) {
    while (got_.find(mark) == std::string::npos && read_more()) {
    }
    return got_;
  }

 private:
  bool read_more() {
    char block[4096];
    const auto got = ::recv(socket_, block, sizeof block, 0);
    if (got <= 0) return false;
    got_.append(block, static_cast<std::size_t>(got));
    return true;
  }
  int socket_;
  bool connected_ = false;
  std::string got_;
};

class NoLines final : public RawLineSource {
 public:
  Result<std::string> read(const LineRef&) override {
    return make_error(Error::Code::not_found, "gone");
  }
  std::string source_path(std::uint32_t) const override { return "/var/log/mail.log"; }
};

class Server : public WriterFixture {
 protected:
  void SetUp() override {
    open();
    commit({simple_leg(1, samples::start_time(), "juan@example.com")}, samples::start_time() + 5s);
    options_api_.socket = (directory_.path() / "s").string();
    options_api_.roles.always_operators = {geteuid()};
    options_api_.session.stall_max = 200ms;
    options_api_.session.transfer_max = 2s;
  }
  void TearDown() override { server_.reset(); }

  void start() {
    ApiContext context;
    context.clock = &clock_;
    context.classify = [](auto, auto, auto) { return ClassifiedText{Reason::other}; };
    context.status = [](bool) { return std::string("{}"); };
    context.health = [] { return std::string(R"({"status":"ok"})"); };
    context.read_state = [this] { return ReadState{true, clock_.wall(), {}}; };
    add_routes(router_, context);
    server_ = std::make_unique<ApiServer>(
        options_api_, std::move(router_),
        [this] {
          QueryTools tools;
          tools.store = samples::reader_of(*writer_);
          tools.lines = std::make_unique<NoLines>();
          return tools;
        },
        [this](const AuditRecord& record) {
          audited_ += std::string(record.route) + " " + std::to_string(record.rows) + "\n";
        },
        system_clock_);
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  std::string ask(const std::string& request) {
    RawClient client(options_api_.socket);
    client.say(request);
    return client.read_all();
  }
  std::string get(const std::string& target) {
    return ask("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }
  static json::object body_of(const std::string& response) {
    const auto at = response.find("\r\n\r\n");
    if (at == std::string::npos) return {};
    return json::parse(response.substr(at + 4)).as_object();
  }

  SystemClock system_clock_;
  ApiOptions options_api_;
  Router router_;
  std::string audited_;
  std::unique_ptr<ApiServer> server_;
};

TEST_F(Server, AnswersKeepsAliveAndSaysHead) {
  start();
  RawClient client(options_api_.socket);
  client.say("GET /v1/journeys?recipient=juan@example.com HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_until("\"suggestions\":[]}"), HasSubstr("\"queue_id\":\"Q1\""));
  client.say("HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto rest = client.read_all();
  EXPECT_THAT(rest, HasSubstr("Content-Length: 15"));
  EXPECT_EQ(rest.substr(rest.size() - 4), "\r\n\r\n");
  EXPECT_EQ(audited_, "/v1/journeys 1\n");
}

TEST_F(Server, AcceptLanguageIsHeededUnlessTheQuestionNamesOne) {
  start();
  const auto why = [this](const std::string& query, const std::string& header) {
    const auto answer =
        body_of(ask("GET /v1/journeys?recipient=nobody@example.com" + query +
                    " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header + "\r\n"));
    return std::string(answer.at("proven_absent_why").as_string());
  };
  const std::string spanish = "Accept-Language: es-ES,es;q=0.9,en;q=0.8\r\n";
  EXPECT_THAT(why("", ""), HasSubstr("the logs"));
  EXPECT_THAT(why("", spanish), HasSubstr("los registros"));
  EXPECT_THAT(why("&lang=en", spanish), HasSubstr("the logs"));
  EXPECT_THAT(why("", "Accept-Language: fr\r\n"), HasSubstr("the logs"));
  const auto coverage = body_of(ask(
      "GET /v1/coverage?since=2h HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + spanish + "\r\n"));
  for (const auto& hole : coverage.at("holes").as_array()) {
    EXPECT_EQ(hole.at("cause_code").as_string(), "no_log_read");
    EXPECT_EQ(hole.at("cause").as_string(), "no se ha leído ningún registro");
  }
  // A route without words has no parameter for them either.
  EXPECT_THAT(ask("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + spanish + "\r\n"),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(Server, SeveralQuestionsAtOnceAreAnsweredInTurn) {
  start();
  const auto all = ask(
      "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/journeys?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(all, StartsWith("HTTP/1.1 200"));
  EXPECT_LT(all.find("\"status\":\"ok\""), all.find("\"items\""));
  EXPECT_LT(all.find("\"items\""), all.find("HTTP/1.1 404"));
}

TEST_F(Server, RefusesWithAProblemThatNamesTheParameter) {
  start();
  const auto bad = get("/v1/journeys?outcome=lost");
  EXPECT_THAT(bad, StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(bad, HasSubstr("application/problem+json"));
  EXPECT_EQ(body_of(bad).at("parameter").as_string(), "outcome");
  EXPECT_EQ(body_of(get("/v1/journeys?colour=red")).at("parameter").as_string(), "colour");
  EXPECT_THAT(get("/v1/journeys/nosuchid"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(ask("DELETE /v1/journeys HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              testing::AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: GET, HEAD")));
}

TEST_F(Server, GarbageIsAnsweredAndClosed) {
  start();
  EXPECT_THAT(ask("\x16\x03\x01 garbage\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("GET / HTTP/9.9\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("GET /%zz HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nX: " + std::string(64 * 1024, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(Server, SilentClientsAreDroppedAndHoldUpNobody) {
  options_api_.threads = 1;
  start();
  RawClient silent(options_api_.socket);
  RawClient half(options_api_.socket);
  half.say("GET /v1/journeys HT");
  EXPECT_THAT(get("/v1/journeys?limit=1"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(half.read_all(), "");
}

TEST_F(Server, AClientThatDoesNotReadHoldsUpNobody) {
  options_api_.threads = 1;
  router_.add({.path = "/large", .handle = [](const ApiRequest&, QueryTools&) {
                 ApiAnswer answer;
                 answer.body.assign(8 << 20, 'x');
                 return answer;
               }});
  start();
  RawClient greedy(options_api_.socket);
  greedy.say("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(get("/v1/journeys?limit=1"), StartsWith("HTTP/1.1 200"));
  // Who reads gets it all.
  EXPECT_GT(get("/large").size(), 8U << 20);
}

TEST_F(Server, AReportHasItsOwnTimeAndLeavesAThreadToOthers) {
  options_api_.report_timeout = 1h;
  std::promise<void> began, go_on;
  router_.add(
      {.path = "/report", .report = true, .handle = [&](const ApiRequest& request, QueryTools&) {
         EXPECT_GT(request.time_left, Duration(30min));
         began.set_value();
         go_on.get_future().wait();
         return ApiAnswer{};
       }});
  start();
  auto first = std::async(std::launch::async, [&] { return get("/report"); });
  began.get_future().wait();
  const auto second = get("/report");
  EXPECT_THAT(second, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(second, HasSubstr("another summary is being made"));
  EXPECT_THAT(get("/v1/journeys?recipient=juan@example.com"), HasSubstr("\"queue_id\":\"Q1\""));
  go_on.set_value();
  EXPECT_THAT(first.get(), StartsWith("HTTP/1.1 200"));
}

TEST_F(Server, AReportEndsWhenTheServerStops) {
  options_api_.report_timeout = 1h;
  std::promise<void> began;
  router_.add(
      {.path = "/report", .report = true, .handle = [&](const ApiRequest& request, QueryTools&) {
         began.set_value();
         while (!request.stopping->load()) std::this_thread::yield();
         return ApiAnswer{};
       }});
  start();
  auto asked = std::async(std::launch::async, [&] { return get("/report"); });
  began.get_future().wait();
  server_.reset();
  asked.get();
}

TEST_F(Server, BodiesAreLimitedByRoute) {
  router_.add({.method = "POST",
               .path = "/take",
               .body_bytes_max = 100,
               .handle = [](const ApiRequest& request, QueryTools&) {
                 ApiAnswer answer;
                 answer.body = "got " + request.body;
                 return answer;
               }});
  start();
  const std::string post = "POST /take HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
  EXPECT_THAT(ask(post + "Content-Length: 5\r\n\r\nhello"), HasSubstr("got hello"));
  EXPECT_THAT(ask(post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
              HasSubstr("got hello"));
  EXPECT_THAT(ask(post + "Content-Length: 101\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ask(post + "Content-Length: 9999999999999\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ask(post + "Transfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x') +
                  "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ask("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"),
              StartsWith("HTTP/1.1 413"));
  RawClient careful(options_api_.socket);
  careful.say(post + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_THAT(careful.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  careful.say("hello");
  EXPECT_THAT(careful.read_all(), HasSubstr("got hello"));
  RawClient slow(options_api_.socket);
  slow.say(post + "Content-Length: 5\r\n\r\nhe");
  EXPECT_EQ(slow.read_all(), "");
}

TEST_F(Server, ConnectionsAreLimitedForEachUser) {
  options_api_.connections_per_user_max = 2;
  options_api_.session.stall_max = 10s;
  start();
  RawClient first(options_api_.socket);
  RawClient second(options_api_.socket);
  first.say("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  first.read_until("ok");
  second.say("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  second.read_until("ok");
  const auto third = get("/healthz");
  EXPECT_THAT(third, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(third, HasSubstr("connections_per_user_max"));
}

TEST_F(Server, AFullQueueIsSaidAndNotWaitedFor) {
  std::promise<void> go;
  std::promise<void> begun;
  auto gate = go.get_future().share();
  options_api_.threads = 1;
  options_api_.waiting_max = 1;
  router_.add({.path = "/slow", .handle = [&begun, gate](const ApiRequest& request, QueryTools&) {
                 if (request.parameters.empty()) begun.set_value();
                 gate.wait();
                 return ApiAnswer{};
               }});
  start();
  RawClient running(options_api_.socket);
  running.say("GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  begun.get_future().wait();
  RawClient waiting(options_api_.socket);
  waiting.say("GET /v1/journeys HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  std::string refused;
  while (!refused.starts_with("HTTP/1.1 503")) {  // until `waiting` has arrived
    RawClient next(options_api_.socket);
    next.say("GET /v1/journeys?limit=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    refused = next.read_until("busy");
    if (refused.empty()) break;
  }
  EXPECT_THAT(refused, HasSubstr("Retry-After: 1"));
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 200"));  // needs no query thread
  go.set_value();
  EXPECT_THAT(running.read_all(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(waiting.read_all(), StartsWith("HTTP/1.1 200"));
}

TEST_F(Server, SupportSeesNoRawLinesAndNoLogins) {
  auto leg = simple_leg(2, samples::start_time() + 1s, "eva@example.com");
  leg.submission.login = "ana@example.org";
  commit({leg}, samples::start_time() + 6s);
  options_api_.roles.always_operators = {};
  options_api_.roles.support.users = {geteuid()};
  start();
  const auto list = get("/v1/journeys?recipient=eva@example.com");
  EXPECT_THAT(list, HasSubstr("\"login\":\"a***@example.org\""));
  EXPECT_THAT(get("/v1/journeys/Q2?raw=1"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(get("/v1/journeys/Q2"), HasSubstr("a***@example.org"));
  EXPECT_THAT(get("/v1/summary?by=login"), HasSubstr("\"key\":\"a***@example.org\""));
}

class LimitedToDomains : public Server {
 protected:
  void SetUp() override {
    Server::SetUp();
    auto own = simple_leg(2, samples::start_time() + 1s, "eva@Sub.Example.NET");
    commit({own, simple_leg(3, samples::start_time() + 2s, "pedro@example.com")},
           samples::start_time() + 6s);
    options_api_.roles.always_operators = {};
    options_api_.roles.support.users = {geteuid()};
    options_api_.roles.support_domains = {".example.net"};
    start();
  }
};

TEST_F(LimitedToDomains, SupportFindsTheirMailOnly) {
  const auto all = body_of(get("/v1/journeys"));
  ASSERT_EQ(all.at("items").as_array().size(), 1U);
  EXPECT_THAT(json::serialize(all), HasSubstr("eva@Sub.Example.NET"));
  EXPECT_THAT(json::serialize(all), testing::Not(HasSubstr("pedro")));
  EXPECT_THAT(get("/v1/journeys/Q2"),
              testing::AllOf(StartsWith("HTTP/1.1 200"), HasSubstr(R"("same_id":[])")));
  EXPECT_THAT(get("/v1/journeys/Q3"), StartsWith("HTTP/1.1 404"));
}

TEST_F(LimitedToDomains, AnIdThatANewerMessageOfOthersHasTooIsOfTheirOwn) {
  auto of_others = simple_leg(4, samples::start_time() + 3s, "pedro@example.com");
  of_others.queue_id = "Q2";
  of_others.host = "mx2";
  commit({of_others}, samples::start_time() + 7s);
  EXPECT_THAT(get("/v1/journeys/Q2"),
              testing::AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("eva@Sub.Example.NET"),
                             HasSubstr(R"("same_id":[])"), testing::Not(HasSubstr("pedro"))));
}

TEST_F(LimitedToDomains, NothingTellsOfOtherMail) {
  const auto none = body_of(get("/v1/journeys?recipient=pedro@example.com"));
  EXPECT_TRUE(none.at("items").as_array().empty());
  EXPECT_EQ(none.at("total").at("count"), 0);
  EXPECT_EQ(none.at("proven_absent"), false);
  const auto near = body_of(get("/v1/journeys?recipient=pedor@example.com"));
  EXPECT_TRUE(near.at("items").as_array().empty()) << json::serialize(near);
  EXPECT_TRUE(near.at("suggestions").as_array().empty()) << json::serialize(near);
  const auto bounce =
      ask("POST /v1/bounce HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 59\r\n\r\n"
          "<pedro@example.com>: host mx.example.com said: 550 no user\n");
  EXPECT_THAT(bounce, StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(body_of(bounce).at("journeys").as_array().empty()) << bounce;
  for (const auto* path : {"/v1/summary", "/v1/deferrals", "/v1/status", "/v1/reasons/unknown"})
    EXPECT_THAT(get(path), StartsWith("HTTP/1.1 403")) << path;
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 200"));
}

// A notice that only says that it waits is not a server's answer that no rule knows.
TEST_F(Server, ANoticeWithoutAServersWordsGivesNoReason) {
  start();
  const auto reason_of = [&](const std::string& bounce) {
    const auto answer =
        ask("POST /v1/bounce HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
            ("Content-Length: " + std::to_string(bounce.size())) + "\r\n\r\n" + bounce);
    return std::string(body_of(answer).at("recipients").as_array().at(0).at("reason").as_string());
  };
  EXPECT_EQ(reason_of("Delivery to pedro@example.com has been delayed. It will be retried.\n"),
            "unknown");
  EXPECT_EQ(reason_of("<pedro@example.com>: host mx.example.com said: 550 odd words\n"), "other");
}

TEST_F(Server, ANoticeOfDelayKnowsHowItEndedSince) {
  start();
  const std::string notice =
      "From: MAILER-DAEMON@example.org\nSubject: Delayed Mail (still being retried)\n"
      "Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\n\n"
      "Your message could not be delivered for more than 4 hours. It will be retried.\n--B\n"
      "Content-Type: message/delivery-status\n\nReporting-MTA: dns; example.org\n\n"
      "Final-Recipient: rfc822; JUAN@example.com\nAction: delayed\nStatus: 4.4.1\n--B\n"
      "Content-Type: text/rfc822-headers\n\nMessage-ID: <1@example.org>\nFrom: ana@example.org\n"
      "--B--\n";
  const auto told =
      body_of(ask("POST /v1/bounce HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                  std::to_string(notice.size()) + "\r\n\r\n" + notice));
  EXPECT_EQ(told.at("kind"), "delayed");
  ASSERT_EQ(told.at("journeys").as_array().size(), 1U) << json::serialize(told);
  EXPECT_EQ(told.at("recipients").as_array().at(0).at("ended_as"), "delivered")
      << json::serialize(told);
}

TEST_F(Server, MonitoringSeesNoAddress) {
  options_api_.roles.always_operators = {};
  options_api_.roles.monitoring.users = {geteuid()};
  start();
  EXPECT_THAT(get("/v1/journeys"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(get("/v1/summary?by=sender"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(get("/v1/summary?by=outcome"), HasSubstr("\"delivered\":1"));
  EXPECT_THAT(get("/v1/coverage"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get("/v1/follow"), StartsWith("HTTP/1.1 403"));
}

TEST_F(Server, WhoHasNoRoleMayOnlyAskForHealth) {
  options_api_.roles.always_operators = {};
  start();
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get("/v1/status"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(get("/v1/journeys"), StartsWith("HTTP/1.1 403"));
}

TEST_F(Server, FollowersHearOfWhatTheyAskedFor) {
  options_api_.session.stall_max = 10s;
  options_api_.threads = 1;
  start();
  RawClient follower(options_api_.socket);
  follower.say("GET /v1/follow?recipient=eva@example.com HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(follower.read_until(": following"), HasSubstr("text/event-stream"));
  get("/v1/journeys?limit=1");  // behind the first look at the index in the one thread's queue
  const auto at = samples::start_time() + 10s;
  commit({simple_leg(2, at, "pedro@example.com"), simple_leg(3, at, "eva@example.com")}, at);
  const auto heard = follower.read_until("recipients_asked_for");
  EXPECT_THAT(heard + follower.read_until("}]"),
              HasSubstr(R"("recipients_asked_for":[{"position":0,"address":"eva@example.com"}])"));
  EXPECT_THAT(heard, HasSubstr("event: journey\ndata: {"));
  EXPECT_THAT(heard, testing::Not(HasSubstr("pedro@example.com")));
}

TEST_F(Server, CanBeStoppedWithClientsInside) {
  start();
  RawClient silent(options_api_.socket);
  RawClient follower(options_api_.socket);
  follower.say("GET /v1/follow HTTP/1.1\r\nHost: x\r\n\r\n");
  follower.read_until(": following");
  server_->stop();
  server_.reset();
  EXPECT_FALSE(RawClient(options_api_.socket).connected());
}

TEST_F(Server, ListsWhatItServes) {
  start();
  const auto listed = body_of(get("/v1")).at("routes").as_array();
  EXPECT_GT(listed.size(), 7U);
}

}  // namespace
}  // namespace rastro
