#include "store/rebuild.h"

#include <utility>
#include <vector>

#include "store/dictionary.h"
#include "store/keys.h"

namespace rastro {
namespace {

constexpr std::size_t kPostingsPerRun = 1 << 20;

// Rows of a table that a leg names as a range. Legs were written in order and so were these, so
// both are read side by side, once.
class RangeCursor {
 public:
  RangeCursor(Database& database, std::string_view sql) : statement_(database.prepare(sql)) {
    have_ = statement_.step();
  }
  template <typename Visit>
  void visit_range(std::int64_t first, std::int64_t count, Visit&& visit) {
    while (have_ && statement_.column_int(0) < first + count) {
      if (statement_.column_int(0) >= first) visit(statement_);
      have_ = statement_.step();
    }
  }

 private:
  Statement statement_;
  bool have_ = false;
};

}  // namespace

PostingRuns rebuild_postings(Database& database, const KeyHasher& hasher) {
  PostingRuns runs;
  std::vector<Posting> postings;
  KeyPoster poster(hasher, postings);
  DictionaryReader dictionary(database);
  RangeCursor deliveries(database,
                         "SELECT row, recipient, original_recipient, relay FROM delivery"
                         " ORDER BY row");
  RangeCursor links(database, "SELECT row, queue_id FROM link ORDER BY row");
  auto leg = database.prepare(
      "SELECT row, leg_id, queue_id, message_id, envelope_sender, login, client, delivery_first,"
      " delivery_count, link_first, link_count FROM leg ORDER BY row");
  while (leg.step()) {
    poster.start_row(static_cast<std::uint32_t>(leg.column_int(0)));
    poster.post_leg(static_cast<std::uint64_t>(leg.column_int(1)), leg.column_bytes(2),
                    leg.column_bytes(3));
    if (!leg.is_null(4)) poster.post_sender(leg.column_bytes(4));
    if (!leg.is_null(5)) poster.post_sender(leg.column_bytes(5));
    const auto& client = dictionary.endpoint(leg.column_int(6));
    poster.post_client(client.host, client.ip);
    deliveries.visit_range(leg.column_int(7), leg.column_int(8), [&](const Statement& row) {
      poster.post_recipient(row.column_bytes(1));
      if (!row.is_null(2)) poster.post_recipient(row.column_bytes(2));
      const auto& relay = dictionary.endpoint(row.column_int(3));
      poster.post_relay(relay.host, relay.ip);
    });
    links.visit_range(leg.column_int(9), leg.column_int(10),
                      [&](const Statement& row) { poster.post_link(row.column_bytes(1)); });
    if (postings.size() >= kPostingsPerRun) runs.add(std::exchange(postings, {}));
  }
  runs.add(std::move(postings));
  return runs;
}

LegIdRuns read_carried(Database& database) {
  std::vector<std::uint64_t> ids;
  auto row = database.prepare("SELECT leg_id FROM carried");
  while (row.step()) ids.push_back(static_cast<std::uint64_t>(row.column_int(0)));
  LegIdRuns carried;
  carried.add(std::move(ids));
  return carried;
}

void for_each_version(Database& database, const std::function<void(const VersionMark&)>& visit) {
  auto row = database.prepare("SELECT leg_id, row, closed_after IS NULL FROM leg ORDER BY row");
  while (row.step()) {
    visit({static_cast<std::uint64_t>(row.column_int(0)),
           static_cast<std::uint32_t>(row.column_int(1)), row.column_int(2) != 0});
  }
}

}  // namespace rastro
