#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <random>
#include <set>
#include <string>

#include "store/address_blocks.h"
#include "store/keys.h"
#include "store/leg_rows.h"
#include "store/packed_leg.h"
#include "store/rebuild.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "tests/store/leg_samples.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

constexpr auto kU16 = std::numeric_limits<std::uint16_t>::max();
constexpr auto kU32 = std::numeric_limits<std::uint32_t>::max();
constexpr auto kU64 = std::numeric_limits<std::uint64_t>::max();

class PackedRowsTest : public testing::Test {
 protected:
  void SetUp() override {
    database_.run("PRAGMA synchronous=OFF");  // thousands of commits; no power cut is tested here
    create_schema(database_);
    rows_ = std::make_unique<LegRowWriter>(database_, 7);
    reader_ = std::make_unique<LegRowReader>(database_);
  }
  std::string read(std::uint32_t row) {
    LegRecord leg;
    if (!reader_->load(row, LegRowReader::Depth::whole, leg)) return "not read";
    return samples::describe(leg);
  }
  // What is read instead of the row's `more`: nullopt, when the row is damaged.
  std::optional<LegRecord> read_with(const std::string& more, std::uint32_t row = 1) {
    auto update = database_.prepare("UPDATE leg SET more = ?1 WHERE row = ?2");
    update.bind_blob(1, more).bind(2, std::int64_t{row});
    update.run();
    LegRecord leg;
    const bool sound = reader_->load(row, LegRowReader::Depth::whole, leg);
    const auto done = database_.take_error();
    EXPECT_EQ(sound, static_cast<bool>(done));
    if (!done) {
      EXPECT_EQ(done.error().code, Error::Code::corrupt);
    }
    return sound ? std::optional(std::move(leg)) : std::nullopt;
  }
  std::string more_of(std::uint32_t row) {
    auto statement = database_.prepare("SELECT more FROM leg WHERE row = ?1");
    statement.bind(1, std::int64_t{row});
    EXPECT_TRUE(statement.step());
    return std::string(statement.column_bytes(0));
  }
  void use_everything() {
    std::vector<Posting> postings;
    post_rows(database_, hasher_, 1, 100, postings, [] {});
    static_cast<void>(database_.take_error());
    RowAddresses addresses;
    addresses.read_on(database_);
    static_cast<void>(database_.take_error());
    for (const char* view : {"journey_plain", "delivery_plain", "timeline_plain"}) {
      auto row = database_.prepare(std::string("SELECT * FROM ") + view);
      while (row.step()) {
      }
      static_cast<void>(database_.take_error());  // broken JSON, perhaps
    }
  }

  samples::TemporaryDirectory directory_;
  Database database_ = *Database::open(directory_.path() / "rows.db", Database::Mode::create);
  KeyHasher hasher_ = *KeyHasher::open(directory_.path());
  std::unique_ptr<LegRowWriter> rows_;
  std::unique_ptr<LegRowReader> reader_;
};

struct Field {
  const char* name;
  std::function<void(LegRecord&)> set;
};

LegRecipient& first(LegRecord& leg) {
  if (leg.recipients.empty()) leg.recipients.emplace_back().recipient = "juan@example.net";
  return leg.recipients.front();
}
TimelineEntry& entry(LegRecord& leg) {
  return leg.timeline.empty() ? leg.timeline.emplace_back() : leg.timeline.front();
}
LegLink& link(LegRecord& leg) {
  return leg.links.empty() ? leg.links.emplace_back() : leg.links.front();
}

// Each connection holds some twelve bytes for each byte of a view, and there is one to each hour
// for each query thread.
TEST_F(PackedRowsTest, TheViewsAreSmallForEveryConnection) {
  EXPECT_LT(database_.query_int("SELECT sum(length(sql)) FROM sqlite_master WHERE type = 'view'"),
            28'000);
}

// What came before is a row of `name` from then on, and reads the same everywhere.
TEST_F(PackedRowsTest, AnAddressThatComesAgainIsNamed) {
  LegRecord leg;
  leg.id = 1;
  leg.opened_at = leg.last_activity_at = samples::start_time();
  leg.envelope_sender = "ana@example.org";
  leg.submission.login = "ana";
  for (const char* recipient : {"juan@example.net", "eva@example.net", ""}) {
    leg.recipients.emplace_back().recipient = recipient;
    leg.recipients.back().reply_text = std::string("550 <") + recipient + ">: no";
  }
  const auto said = samples::describe(leg);
  for (const std::uint32_t row : {1U, 2U, 3U}) rows_->write(leg, row, 0, nullptr);
  for (const std::uint32_t row : {1U, 2U, 3U}) EXPECT_EQ(read(row), said);
  EXPECT_EQ(database_.query_int("SELECT group_concat(typeof(envelope_sender), '') = "
                                "'textintegerinteger' FROM leg"),
            1);
  EXPECT_EQ(database_.query_int("SELECT count(*) FROM name WHERE value LIKE '%@%'"), 3);
  EXPECT_EQ(database_.query_int("SELECT count(*) FROM leg WHERE login = 'ana'"), 3);  // no longer
  EXPECT_EQ(database_.query_int("SELECT count(*) FROM delivery WHERE recipient = ''"), 3);
  EXPECT_EQ(database_.query_int("SELECT count(*) FROM journey_plain WHERE envelope_sender ="
                                " 'ana@example.org'"),
            3);
  EXPECT_EQ(database_.query_int("SELECT count(*) FROM delivery_plain WHERE recipient ="
                                " 'eva@example.net' AND reply_text = '550 <eva@example.net>: no'"),
            3);
  RowAddresses addresses;
  addresses.read_on(database_);
  std::multiset<std::string> told;
  EXPECT_TRUE(addresses.for_each([&](std::string_view address, std::size_t) {
    told.emplace(address);
    return kSeeAll;
  }));
  EXPECT_EQ(told, (std::multiset<std::string>{"ana", "ana@example.org", "eva@example.net",
                                              "juan@example.net"}));
  std::vector<Posting> postings;
  std::vector<std::size_t> sizes;
  post_rows(database_, hasher_, 1, 100, postings, [&] { sizes.push_back(postings.size()); });
  ASSERT_EQ(sizes.size(), 3U);
  EXPECT_EQ(sizes[1] - sizes[0], sizes[0]);
  EXPECT_EQ(sizes[2] - sizes[1], sizes[0]);
}

const Field kFields[] = {
    {"nothing", [](LegRecord&) {}},
    // The header.
    {"host", [](LegRecord& leg) { leg.host = "mail.example.org"; }},
    {"protocol", [](LegRecord& leg) { leg.protocol = "ESMTP"; }},
    {"instance", [](LegRecord& leg) { leg.instance = "postfix-out"; }},
    {"no recipients announced", [](LegRecord& leg) { leg.recipient_count = 0; }},
    {"most recipients announced", [](LegRecord& leg) { leg.recipient_count = kU32; }},
    {"accepted at once", [](LegRecord& leg) { leg.accepted_at = leg.opened_at; }},
    {"accepted before", [](LegRecord& leg) { leg.accepted_at = leg.opened_at - 1h; }},
    {"accepted long after", [](LegRecord& leg) { leg.accepted_at = leg.opened_at + 9000h; }},
    {"accepted in another age", [](LegRecord& leg) { leg.accepted_at = Time::min(); }},
    {"no bytes", [](LegRecord& leg) { leg.size_bytes = 0; }},
    {"most bytes", [](LegRecord& leg) { leg.size_bytes = kU64; }},
    {"method", [](LegRecord& leg) { leg.submission.method = SubmissionMethod::bounce; }},
    {"an empty TLS", [](LegRecord& leg) { leg.accepted_tls = ""; }},
    {"TLS", [](LegRecord& leg) { leg.accepted_tls = "TLSv1.3"; }},
    {"an empty HELO", [](LegRecord& leg) { leg.submission.helo = ""; }},
    {"HELO", [](LegRecord& leg) { leg.submission.helo = std::string("a\0b", 3); }},
    {"client",
     [](LegRecord& leg) {
       leg.submission.client = {"h", "192.0.2.1", kU16};
     }},
    {"client port only", [](LegRecord& leg) { leg.submission.client.port = 1; }},
    {"reply code", [](LegRecord& leg) { leg.accepted_reply_code = kU16; }},
    {"reply", [](LegRecord& leg) { leg.accepted_reply_text = "250 2.0.0 Ok: queued as 4F2A"; }},
    {"odd reply", [](LegRecord& leg) { leg.accepted_reply_text = "\x01\x02"; }},
    {"generation", [](LegRecord& leg) { leg.generation = kU32; }},
    {"an empty subject", [](LegRecord& leg) { leg.subject = ""; }},
    {"a long subject", [](LegRecord& leg) { leg.subject = std::string(100'000, '\xff'); }},
    {"root", [](LegRecord& leg) { leg.submission.uid = 0; }},
    {"uid", [](LegRecord& leg) { leg.submission.uid = kU32; }},
    {"user", [](LegRecord& leg) { leg.submission.user = "www-data"; }},
    {"script", [](LegRecord& leg) { leg.submission.script = "/a.php"; }},
    {"script directory", [](LegRecord& leg) { leg.submission.script_dir = "/"; }},
    {"an empty sender", [](LegRecord& leg) { leg.envelope_sender = ""; }},
    {"login", [](LegRecord& leg) { leg.submission.login = "ana"; }},
    {"Message-ID", [](LegRecord& leg) { leg.message_id = "<1@example.org>"; }},
    // What every version says.
    {"MTA", [](LegRecord& leg) { leg.mta = Mta::exim; }},
    {"accepted", [](LegRecord& leg) { leg.accepted = true; }},
    {"arrival seen", [](LegRecord& leg) { leg.arrival_seen = true; }},
    {"internal", [](LegRecord& leg) { leg.internal = true; }},
    {"probe", [](LegRecord& leg) { leg.probe = true; }},
    {"closed when active", [](LegRecord& leg) { leg.closed_at = leg.last_activity_at; }},
    {"closed when opened", [](LegRecord& leg) { leg.closed_at = leg.opened_at; }},
    {"closed before", [](LegRecord& leg) { leg.closed_at = leg.opened_at - 1us; }},
    {"active before", [](LegRecord& leg) { leg.last_activity_at = leg.opened_at - 1h; }},
    // A recipient.
    {"an empty recipient", [](LegRecord& leg) { first(leg).recipient = ""; }},
    {"outcome", [](LegRecord& leg) { first(leg).outcome = Outcome::passed; }},
    {"reason", [](LegRecord& leg) { first(leg).reason = Reason::unknown; }},
    {"its reply code", [](LegRecord& leg) { first(leg).reply_code = kU16; }},
    {"its reply", [](LegRecord& leg) { first(leg).reply_text = "450 juan@example.net 4F2AB1"; }},
    {"its relay",
     [](LegRecord& leg) {
       first(leg).relay = {"mx", "192.0.2.2", 25};
     }},
    {"delivered to", [](LegRecord& leg) { first(leg).delivered_to = DeliveredTo::file; }},
    {"status",
     [](LegRecord& leg) {
       first(leg).enhanced_status = EnhancedStatus{2, 0, 0};
     }},
    {"no status",
     [](LegRecord& leg) {
       first(leg).enhanced_status = EnhancedStatus{0, 0, 0};
     }},
    {"largest short status",
     [](LegRecord& leg) {
       first(leg).enhanced_status = EnhancedStatus{7, 15, kU16};
     }},
    {"smallest long status",
     [](LegRecord& leg) {
       first(leg).enhanced_status = EnhancedStatus{8, 0, 0};
     }},
    {"a subject that is too large",
     [](LegRecord& leg) {
       first(leg).enhanced_status = EnhancedStatus{0, 16, 0};
     }},
    {"largest status",
     [](LegRecord& leg) {
       first(leg).enhanced_status = EnhancedStatus{255, kU16, kU16};
     }},
    {"agent", [](LegRecord& leg) { first(leg).agent = "smtp"; }},
    {"one attempt", [](LegRecord& leg) { first(leg).attempts = 1; }},
    {"most attempts", [](LegRecord& leg) { first(leg).attempts = kU32; }},
    {"last attempt", [](LegRecord& leg) { first(leg).last_attempt_at = leg.opened_at + 5s; }},
    {"first attempt", [](LegRecord& leg) { first(leg).first_attempt_at = leg.opened_at - 5s; }},
    {"both, the same",
     [](LegRecord& leg) {
       first(leg).first_attempt_at = first(leg).last_attempt_at = leg.opened_at + 1s;
     }},
    {"both",
     [](LegRecord& leg) {
       first(leg).first_attempt_at = leg.opened_at;
       first(leg).last_attempt_at = leg.opened_at + 48h;
     }},
    {"its TLS", [](LegRecord& leg) { first(leg).tls = "TLSv1.2"; }},
    {"its empty TLS", [](LegRecord& leg) { first(leg).tls = ""; }},
    {"original recipient", [](LegRecord& leg) { first(leg).original_recipient = "a@b"; }},
    {"an empty original recipient", [](LegRecord& leg) { first(leg).original_recipient = ""; }},
    {"DSN recipient", [](LegRecord& leg) { first(leg).dsn_original_recipient = "rfc822;a@b"; }},
    {"folder", [](LegRecord& leg) { first(leg).folder = "INBOX"; }},
    {"unknown because",
     [](LegRecord& leg) { first(leg).unknown_because = UnknownBecause::no_end_logged; }},
    // The timeline.
    {"an entry of nothing", [](LegRecord& leg) { entry(leg).at = leg.opened_at; }},
    {"at", [](LegRecord& leg) { entry(leg).at = leg.opened_at - 3h; }},
    {"kind", [](LegRecord& leg) { entry(leg).kind = TimelineEntry::Kind::host_failure; }},
    {"of recipient 0", [](LegRecord& leg) { entry(leg).recipient = 0; }},
    {"of nobody", [](LegRecord& leg) { entry(leg).recipient = -2; }},
    {"of the last recipient",
     [](LegRecord& leg) { entry(leg).recipient = std::numeric_limits<std::int32_t>::max(); }},
    {"ordinal", [](LegRecord& leg) { entry(leg).ordinal = kU32; }},
    {"result", [](LegRecord& leg) { entry(leg).result = Outcome::passed; }},
    {"its reason", [](LegRecord& leg) { entry(leg).reason = Reason::unknown; }},
    {"its code", [](LegRecord& leg) { entry(leg).reply_code = kU16; }},
    {"its status",
     [](LegRecord& leg) {
       entry(leg).enhanced_status = EnhancedStatus{4, 999, 999};
     }},
    {"its agent", [](LegRecord& leg) { entry(leg).agent = "lmtp"; }},
    {"its relay",
     [](LegRecord& leg) {
       entry(leg).relay = {"mx", "", 24};
     }},
    {"its text", [](LegRecord& leg) { entry(leg).text = "450 4.2.0 Greylisted"; }},
    {"a text about the relay",
     [](LegRecord& leg) {
       entry(leg).relay = {"mx1", "192.0.2.2", 25};
       entry(leg).text = "host mx1[192.0.2.2] said: 450 4.2.0 Greylisted";
     }},
    {"its reply about the relay",
     [](LegRecord& leg) {
       first(leg).relay = {"mx1", "192.0.2.2", 25};
       first(leg).reply_text = "host mx1[192.0.2.2] said: 450 juan@example.net 4F2AB1";
     }},
    {"a text about the recipient",
     [](LegRecord& leg) {
       entry(leg).recipient = 0;
       entry(leg).text = "450 <" + first(leg).recipient + ">: no";
     }},
    // Links and facts.
    {"a link of nothing", [](LegRecord& leg) { link(leg).at = leg.opened_at; }},
    {"link kind", [](LegRecord& leg) { link(leg).kind = LegLink::Kind::session; }},
    {"link child", [](LegRecord& leg) { link(leg).direction = LegLink::Direction::child; }},
    {"link claimed", [](LegRecord& leg) { link(leg).claimed_by_peer = true; }},
    {"link id", [](LegRecord& leg) { link(leg).queue_id = "4F2AB1"; }},
    {"link recipient", [](LegRecord& leg) { link(leg).recipient = 3; }},
    {"link at", [](LegRecord& leg) { link(leg).at = leg.opened_at + 1h; }},
    {"an empty fact", [](LegRecord& leg) { leg.facts.emplace_back(); }},
    {"fact source", [](LegRecord& leg) { leg.facts.emplace_back().source = "amavis"; }},
    {"fact name", [](LegRecord& leg) { leg.facts.emplace_back().name = "score"; }},
    {"fact value", [](LegRecord& leg) { leg.facts.emplace_back().value = std::string("\0", 1); }},
    {"many facts", [](LegRecord& leg) { leg.facts.resize(300); }},
    // Lines.
    {"a line", [](LegRecord& leg) { leg.lines = {{1, 80, 120}}; }},
    {"a large line", [](LegRecord& leg) { leg.lines = {{kU32, kU32, kU64}}; }},
};

TEST_F(PackedRowsTest, EachFieldAloneComesBack) {
  std::uint32_t row = 0;
  for (const auto& field : kFields) {
    LegRecord leg;
    leg.id = ++row;
    leg.queue_id = "Q";
    leg.opened_at = samples::start_time();
    leg.last_activity_at = leg.opened_at + 90s;
    field.set(leg);
    rows_->write(leg, row, 0);
    EXPECT_EQ(read(row), samples::describe(leg)) << field.name;
  }
  EXPECT_TRUE(database_.take_error());
}

// The same of a second recipient, whose row is another one, and with all others there.
TEST_F(PackedRowsTest, EachFieldComesBackBesideAllOthers) {
  std::uint32_t row = 0;
  for (const auto& field : kFields) {
    std::mt19937_64 random(++row);
    auto leg = samples::random_leg(random, row, samples::start_time());
    field.set(leg);
    leg.recipients.push_back(leg.recipients.empty() ? LegRecipient() : leg.recipients.front());
    leg.recipients.push_back(leg.recipients.front());
    rows_->write(leg, row, 0);
    EXPECT_EQ(read(row), samples::describe(leg)) << field.name;
  }
  EXPECT_TRUE(database_.take_error());
}

TEST_F(PackedRowsTest, ALaterVersionNamesItsHeaderUntilItChanges) {
  auto leg = samples::simple_leg(1, samples::start_time(), "juan@example.net");
  HeaderPlace header;
  rows_->write(leg, 1, 0, &header);
  EXPECT_EQ(header.row, 1U);
  std::uint32_t row = 1;
  for (const auto& field : kFields) {
    // The fields of the header stand first.
    if (std::string_view(field.name) == "MTA") break;
    auto changed = leg;
    rows_->write(leg, ++row, 1, &header);
    const auto same = header.row;
    EXPECT_EQ(read(row), samples::describe(leg)) << field.name;
    field.set(changed);
    rows_->write(changed, ++row, 1, &header);
    EXPECT_EQ(read(row), samples::describe(changed)) << field.name;
    const bool differs = samples::describe(changed) != samples::describe(leg);
    EXPECT_EQ(header.row != same, differs) << field.name;
    leg = changed;
  }
  EXPECT_LT(more_of(2).size(), more_of(1).size());
  // A leg whose header is not looked for has its own.
  rows_->write(leg, ++row, 1);
  EXPECT_EQ(read(row), samples::describe(leg));
}

TEST_F(PackedRowsTest, AHeaderThatIsNoHeaderIsDamage) {
  const auto leg = samples::simple_leg(1, samples::start_time(), "juan@example.net");
  const auto other = samples::simple_leg(2, samples::start_time(), "juan@example.net");
  HeaderPlace header;
  rows_->write(leg, 1, 0, &header);
  rows_->write(leg, 2, 1, &header);
  rows_->write(other, 3, 0);
  for (const char* row : {"2", "3", "4", "-1", "9223372036854775807", "'x'"}) {
    database_.run((std::string("UPDATE leg SET header_row = ") + row + " WHERE row = 2").c_str());
    EXPECT_EQ(read(2), "not read") << row;
    EXPECT_EQ(database_.take_error().error().code, Error::Code::corrupt);
    use_everything();
  }
}

// Each of a leg's names and its header stands in one row, whichever of them changes.
TEST_F(PackedRowsTest, NamesStandInTheFirstRowThatHasThem) {
  auto leg = samples::simple_leg(1, samples::start_time(), "juan@example.net");
  leg.queue_id = "4XzQ1x2Y3zK";
  leg.message_id.reset();
  HeaderPlace place;
  std::vector<std::string> said;
  const auto write = [&] {
    const auto row = static_cast<std::uint32_t>(said.size() + 1);
    rows_->write(leg, row, row - 1, &place);
    said.push_back(samples::describe(leg));
  };
  write();
  leg.message_id = "<1@example.org>";  // learnt later
  write();
  leg.size_bytes = 77;  // another header
  write();
  write();
  leg.message_id = "<2@example.org>";  // the header stays
  write();
  write();
  for (std::uint32_t row = 1; row <= said.size(); ++row) EXPECT_EQ(read(row), said[row - 1]) << row;
  auto places = database_.prepare(
      "SELECT group_concat(coalesce(header_row, '-') || coalesce(named_row, '-') ||"
      " (queue_id IS NOT NULL), ' ') FROM leg");
  ASSERT_TRUE(places.step());
  EXPECT_EQ(places.column_bytes(0), "--1 1-1 -20 320 3-1 350");
  auto told = database_.prepare(
      "SELECT group_concat(coalesce(message_id, '-'), ' ') FROM journey_plain"
      " WHERE queue_id = '4XzQ1x2Y3zK'");
  ASSERT_TRUE(told.step());
  EXPECT_EQ(told.column_bytes(0),
            "- <1@example.org> <1@example.org> <1@example.org> <2@example.org> <2@example.org>");
  EXPECT_EQ(
      database_.query_int("SELECT count(*) FROM delivery_plain WHERE queue_id = '4XzQ1x2Y3zK'"), 6);
  std::vector<Posting> postings;
  std::vector<Posting> wanted;
  post_rows(database_, hasher_, 1, 100, postings, [] {});
  KeyPoster poster(hasher_, wanted);
  for (std::uint32_t row = 1; row <= said.size(); ++row) {
    LegRecord version;
    ASSERT_TRUE(reader_->load(row, LegRowReader::Depth::whole, version));
    poster.start_row(row);
    poster.post(version);
  }
  std::ranges::sort(postings);
  std::ranges::sort(wanted);
  EXPECT_EQ(postings, wanted);
}

TEST_F(PackedRowsTest, TheEndOfAMessageIdThatComesAgainIsNamed) {
  const char* const ids[] = {"<1@out.example.org>",
                             "<2@out.example.org>",
                             "<3@out.example.org>",
                             "@out.example.org>",
                             "no host",
                             "",
                             "<a@b@out.example.org>"};
  std::uint32_t row = 0;
  for (const char* id : ids) {
    auto leg = samples::simple_leg(++row, samples::start_time(), "juan@example.net");
    leg.message_id = id;
    rows_->write(leg, row, 0);
    EXPECT_EQ(read(row), samples::describe(leg)) << id;
    auto plain = database_.prepare("SELECT message_id FROM journey_plain WHERE row = ?1");
    plain.bind(1, std::int64_t{row});
    ASSERT_TRUE(plain.step());
    EXPECT_EQ(plain.column_bytes(0), id);
  }
  auto stored = database_.prepare("SELECT group_concat(message_id, ' ') FROM leg");
  ASSERT_TRUE(stored.step());
  EXPECT_EQ(stored.column_bytes(0), "<1@out.example.org> <2 <3  no host  <a@b");
}

// A server names its Message-IDs by its own name, which is the client's.
TEST_F(PackedRowsTest, TheEndOfAMessageIdIsTheClients) {
  const std::pair<const char*, bool> ids[] = {
      {"<1@out.example.org>", true}, {"<2@OUT.example.org>", false},
      {"<3@out.example.org", false}, {"<4@out.example.org>>", false},
      {"@out.example.org>", true},   {"<5@example.org>", false}};
  std::uint32_t row = 0;
  HeaderPlace place;
  auto leg = samples::simple_leg(1, samples::start_time(), "juan@example.net");
  leg.submission.client.host = "out.example.org";
  for (const auto& [id, is_clients] : ids) {
    leg.message_id = id;
    ++row;
    rows_->write(leg, row, row - 1, row % 2 == 0 ? &place : nullptr);
    EXPECT_EQ(read(row), samples::describe(leg)) << id;
    auto plain = database_.prepare(
        "SELECT message_id, (SELECT message_id_end FROM leg AS l WHERE l.row = j.row) IS 0"
        " FROM journey_plain AS j WHERE row = ?1");
    plain.bind(1, std::int64_t{row});
    ASSERT_TRUE(plain.step());
    EXPECT_EQ(plain.column_bytes(0), id);
    // A row that leaves its header to another one has no client.
    const bool own_header =
        database_.query_int("SELECT header_row IS NULL FROM leg ORDER BY row DESC LIMIT 1") == 1;
    EXPECT_EQ(plain.column_int(1) != 0, is_clients && own_header) << id;
  }
}

TEST_F(PackedRowsTest, LinksThatNameOneIdSayItOnce) {
  auto leg = samples::simple_leg(1, samples::start_time(), "juan@example.net");
  for (const char* id : {"", "", "4C1A93F02B7", "4C1A93F02B7", "4XzQ1x2Y3zK", "4XzQ1x2Y3zK",
                         "4C1A93F02B7", "", "<a>"}) {
    leg.links.emplace_back().queue_id = id;
    leg.links.back().at = leg.opened_at;
  }
  rows_->write(leg, 1, 0);
  EXPECT_EQ(read(1), samples::describe(leg));
  const auto more = more_of(1);
  const auto first = more.find("4XzQ1x2Y3zK");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(more.find("4XzQ1x2Y3zK", first + 1), std::string::npos);
  EXPECT_EQ(more.find("4C1A93F02B7"), std::string::npos);
  std::vector<Posting> postings;
  std::vector<Posting> wanted;
  post_rows(database_, hasher_, 1, 100, postings, [] {});
  KeyPoster poster(hasher_, wanted);
  poster.start_row(1);
  poster.post(leg);
  std::ranges::sort(postings);
  std::ranges::sort(wanted);
  EXPECT_EQ(postings, wanted);
}

TEST_F(PackedRowsTest, AHeloThatIsTheClientsHostIsAMark) {
  auto leg = samples::simple_leg(1, samples::start_time(), "juan@example.net");
  leg.submission.client.host = "out.example.org";
  std::uint32_t row = 0;
  for (const char* helo : {"out.example.org", "elsewhere.example.org", ""}) {
    leg.submission.helo = helo;
    rows_->write(leg, ++row, 0);
    EXPECT_EQ(read(row), samples::describe(leg));
    auto plain = database_.prepare("SELECT helo FROM journey_plain WHERE row = ?1");
    plain.bind(1, std::int64_t{row});
    ASSERT_TRUE(plain.step());
    EXPECT_EQ(plain.column_bytes(0), helo);
  }
  EXPECT_EQ(more_of(1).find("out.example.org"), std::string::npos);
}

TEST_F(PackedRowsTest, AddressesOfClientsAreNumbersOnlyWhenTheyReadTheSame) {
  const std::pair<const char*, bool> ips[] = {
      {"192.0.2.9", true},       {"0.0.0.0", true},
      {"255.255.255.255", true}, {"203.0.113.10", true},
      {"192.0.2.09", false},     {"192.0.2.256", false},
      {"192.0.2", false},        {"192.0.2.9.1", false},
      {"192.0.2.9 ", false},     {"", false},
      {"2001:db8::1", false},    {"::ffff:192.0.2.9", false},
      {"192.0.2.", false},       {"192..2.9", false},
      {"+1.2.3.4", false},       {"00.0.0.0", false},
      {"1.2.3.-4", false},       {"999999999.1.1", false}};
  std::uint32_t row = 0;
  for (const auto& [ip, is_number] : ips) {
    auto leg = samples::simple_leg(++row, samples::start_time(), "juan@example.net");
    leg.submission.client = {"host" + std::to_string(row), ip, 0};
    rows_->write(leg, row, 0);
    EXPECT_EQ(read(row), samples::describe(leg)) << ip;
    auto plain = database_.prepare(
        "SELECT client_ip, (SELECT typeof(ip) FROM endpoint WHERE host = client_host)"
        " FROM journey_plain WHERE row = ?1");
    plain.bind(1, std::int64_t{row});
    ASSERT_TRUE(plain.step());
    EXPECT_EQ(plain.column_bytes(0), ip);
    EXPECT_EQ(plain.column_bytes(1), is_number ? "integer" : "text") << ip;
  }
}

TEST_F(PackedRowsTest, APackedTextThatIsTornIsDamage) {
  auto leg = samples::simple_leg(1, samples::start_time(), "juan@example.net");
  leg.queue_id = "4C1A93F02B7";
  leg.message_id = "<4C1A93F02B7@example.org>";
  leg.recipients.resize(2);
  for (auto& one : leg.recipients) one.reply_text = "250 2.0.0 Ok: queued as 4C1A93F02B7";
  rows_->write(leg, 1, 0);
  ASSERT_EQ(read(1), samples::describe(leg));
  const std::pair<const char*, const char*> columns[] = {{"leg", "queue_id"},
                                                         {"leg", "message_id"},
                                                         {"leg", "reply_part"},
                                                         {"delivery", "reply_part"}};
  for (const auto& [table, column] : columns) {
    for (const char* damage : {"X''", "X'1F'", "X'B0'"}) {
      database_.run("SAVEPOINT before");
      database_.run((std::string("UPDATE ") + table + " SET " + column + " = " + damage).c_str());
      EXPECT_EQ(read(1), "not read") << column << ' ' << damage;
      EXPECT_EQ(database_.take_error().error().code, Error::Code::corrupt);
      use_everything();
      database_.run("ROLLBACK TO before; RELEASE before");
    }
  }
  EXPECT_EQ(read(1), samples::describe(leg));
}

TEST_F(PackedRowsTest, NamesThatAreNotThereAreDamage) {
  auto leg = samples::simple_leg(1, samples::start_time(), "juan@example.net");
  const auto other = samples::simple_leg(2, samples::start_time(), "juan@example.net");
  HeaderPlace place;
  rows_->write(leg, 1, 0, &place);
  leg.size_bytes = 77;
  rows_->write(leg, 2, 1, &place);
  rows_->write(other, 3, 0);
  EXPECT_EQ(database_.query_int("SELECT named_row FROM leg WHERE row = 2"), 1);
  for (const char* row : {"2", "3", "4", "NULL", "-1", "'x'"}) {
    database_.run((std::string("UPDATE leg SET named_row = ") + row + " WHERE row = 2").c_str());
    EXPECT_EQ(read(2), "not read") << row;
    EXPECT_EQ(database_.take_error().error().code, Error::Code::corrupt);
    use_everything();
  }
}

// Bytes from a bad disk are read as something, or told to be damaged; nothing grows beyond them.
TEST_F(PackedRowsTest, AnyBytesAreReadOrDamaged) {
  std::mt19937_64 random(20261128);
  std::vector<std::string> sound;
  for (std::uint32_t row = 1; row <= 8; ++row) {
    rows_->write(samples::random_leg(random, row, samples::start_time()), row, 0);
    sound.push_back(more_of(row));
  }
  std::size_t damaged = 0;
  for (std::uint32_t row = 1; row <= sound.size(); ++row) {
    const auto& whole = sound[row - 1];
    for (std::size_t size = 0; size < whole.size(); ++size) {
      if (!read_with(whole.substr(0, size), row)) ++damaged;
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
      auto bytes = whole;
      bytes[at] = static_cast<char>(random());
      const auto leg = read_with(bytes, row);
      if (!leg) {
        ++damaged;
        continue;
      }
      EXPECT_LE(leg->timeline.size(), whole.size() + 3);
      EXPECT_LE(leg->links.size() + leg->facts.size() + leg->lines.size(), whole.size());
      if (at % 64 == 0) use_everything();
    }
    read_with(whole, row);
  }
  EXPECT_GT(damaged, 100U);
}

TEST_F(PackedRowsTest, CountsAndSizesBeyondTheBytesAreDamage) {
  LegRecord leg;
  leg.id = 1;
  leg.opened_at = leg.last_activity_at = samples::start_time();
  rows_->write(leg, 1, 0);
  ASSERT_EQ(more_of(1), std::string("\0\0", 2)) << "no field of the header, no list";
  const std::string most = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  const auto bytes = [](std::initializer_list<int> all) {
    std::string out;
    for (const int one : all) out.push_back(static_cast<char>(one));
    return out;
  };
  for (const auto& more : {
           std::string(), bytes({0}),     // no lists
           bytes({0, 8}),                 // a list that does not exist
           most,                          // all fields, some that do not exist
           bytes({0x80, 0x80, 0x20, 0}),  // field 19 of the header
           bytes({0x80}),                 // a varint without its end
           bytes({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0}),
           bytes({0x80, 1}) + most + bytes({0}),        // HELO of 2^64 - 1 bytes
           bytes({0x80, 1, 5, 'a', 'b'}),               // HELO of 5 bytes, of which 2 are there
           bytes({0, 1}) + most,                        // that many entries
           bytes({0, 2}) + most + bytes({0, 0, 0}),     // links
           bytes({0, 4}) + most + bytes({0, 0, 0, 0}),  // facts
           bytes({0, 0, 0x80}),                         // a torn line
       }) {
    EXPECT_FALSE(read_with(more)) << testing::PrintToString(more);
    use_everything();
  }
  EXPECT_TRUE(read_with(bytes({0, 0})));
}

TEST_F(PackedRowsTest, AnyBytesOfAFurtherRecipient) {
  std::mt19937_64 random(3);
  auto leg = samples::random_leg(random, 1, samples::start_time());
  while (leg.recipients.size() < 3) leg.recipients.push_back(LegRecipient());
  leg.recipients[1].original_recipient = "a@example.org";
  rows_->write(leg, 1, 0);
  const auto want = samples::describe(leg);
  EXPECT_EQ(read(1), want);
  for (const char* blob :
       {"x''", "x'80'", "x'ff01'", "x'0000'", "x'808001'", "x'80087f61'", "NULL"}) {
    database_.run((std::string("UPDATE delivery SET more = ") + blob + " WHERE row = 1").c_str());
    EXPECT_EQ(read(1), "not read") << blob;
    EXPECT_EQ(database_.take_error().error().code, Error::Code::corrupt);
    use_everything();
  }
}

TEST(PackedResult, AllOfItComesBack) {
  for (const auto outcome : {Outcome::queued, Outcome::passed}) {
    for (const std::uint16_t code : {0, 250, 65535}) {
      for (const auto reason : {Reason::none, Reason::unknown}) {
        const auto back = unpack_result(pack_result({outcome, code, reason}));
        EXPECT_EQ(back.outcome, outcome);
        EXPECT_EQ(back.reply_code, code);
        EXPECT_EQ(back.reason, reason);
      }
    }
  }
}

}  // namespace
}  // namespace rastro
