#pragma once

#include "base/random.hpp"
#include "cluster/raft/group.hpp"
#include "tests/support/memory_journal.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

/// One group's replicas in one thread: seeded network, disks, crashes and freezes, and auditors
/// that look after every step. Every run of one seed is the same run.
namespace troupe::test {

/// A fault that is planted in the code under test's surroundings, to show that an auditor sees it.
enum class mutant {
  none,
  sync_lies,    ///< A turn is reported as written and is not.
  vote_lost,    ///< Terms are saved, votes are not.
  apply_skewed, ///< One replica applies something else.
};

class raft_world {
public:
  raft_world(std::size_t nodes, std::uint64_t seed, mutant planted = mutant::none);
  ~raft_world();

  /// One step of some milliseconds: faults (unless healed), deliveries, turns, proposals, audits.
  void step();
  /// No more faults; everything that is down comes back, the network delivers.
  void heal();
  /// Steps until every replica has applied the same, all that was acknowledged is in its rows, and
  /// a new proposal is committed. False: not within `steps_max`.
  bool settle(int steps_max);
  /// Crashes the announced leader, if there is one.
  bool crash_leader();
  /// Steps until a leader is announced. False: not within `steps_max`.
  bool await_leader(int steps_max);

  /// What an auditor found first; empty while all is well.
  const std::string& violation() const { return violation_; }
  /// Where every replica is, for a failed test.
  std::string describe() const;
  std::uint64_t trace_hash() const { return trace_; }
  std::size_t acknowledged() const { return acknowledged_.size(); }
  std::size_t crashes() const { return crashes_; }
  std::size_t terms_led() const { return leader_of_.size(); }

private:
  class node;
  class audited_journal;
  struct flight {
    std::uint64_t to = 0;
    std::string bytes;
  };

  void inject_faults();
  void deliver();
  void audit_vote(const std::string& bytes);
  void propose_some();
  void propose(node& to);
  void post(std::uint64_t from, std::uint64_t to, std::string bytes);
  void answered(std::uint64_t number, const std::string& payload, proposal_result result);
  void applied(std::uint64_t on, std::uint64_t index, const write_batch& batch);
  void led(std::uint64_t by, epoch term);
  void note(std::string_view what, std::uint64_t a, std::uint64_t b);
  void violate(const std::string& what);
  bool chance(unsigned permille) { return random_.below(1000) < permille; }
  node* leader();
  bool converged() const;

  random_generator random_;
  const mutant planted_;
  std::uint64_t now_ms_ = 1000;
  bool faults_ = true;
  bool quiet_ = false; ///< No new proposals.
  std::vector<std::unique_ptr<node>> nodes_;
  std::multimap<std::uint64_t, flight> network_;          ///< By the time of arrival.
  std::set<std::pair<std::uint64_t, std::uint64_t>> cut_; ///< From, to: nothing gets through.

  std::uint64_t proposed_ = 0;
  std::map<std::uint64_t, int> answers_;                ///< Of each proposal; at most one.
  std::map<std::uint64_t, std::uint64_t> acknowledged_; ///< Proposal to index.
  std::map<std::uint64_t, std::string> sequence_;       ///< What was applied at each index, by all.
  std::map<std::uint64_t, std::uint64_t> leader_of_;    ///< Term to node.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> votes_; ///< Node, term.
  std::size_t crashes_ = 0;
  std::string violation_;
  std::uint64_t trace_ = 0;
};

} // namespace troupe::test
