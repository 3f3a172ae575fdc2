package io.ociregistry.testing;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** The faults and gates of a {@link FakeUpstream}, by matching requests. */
final class FaultRules {
    private final List<Rule> rules = new CopyOnWriteArrayList<>();
    private final List<Held> gates = new CopyOnWriteArrayList<>();
    private final List<Gate> onceOnly = new CopyOnWriteArrayList<>();

    private record Rule(Match match, Fault fault, AtomicInteger left) {
        boolean take(Recorded request) {
            return match.matches(request) && left.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
        }
    }

    private record Held(Match match, Gate gate, Fault hold) {}

    void add(Match match, Fault fault, int times) {
        rules.add(new Rule(match, fault, new AtomicInteger(times)));
    }

    Gate hold(Match match) {
        Gate gate = new Gate("before the answer to " + match);
        gates.add(new Held(match, gate, new Fault.HoldHeaders(gate)));
        return gate;
    }

    Gate hold(Match match, long position) {
        Gate gate = new Gate("before byte " + position + " of " + match);
        gates.add(new Held(match, gate, new Fault.Hold(gate, position)));
        return gate;
    }

    /** Stops only the first matching request. */
    Gate holdOnce(Match match, long position) {
        Gate gate = new Gate("before byte " + position + " of the next " + match);
        onceOnly.add(gate);
        add(match, new Fault.Hold(gate, position), 1);
        return gate;
    }

    /** Returns and uses the fault of the first matching rule that is not used up. */
    Optional<Fault> take(Recorded request) {
        return rules.stream().filter(rule -> rule.take(request)).findFirst().map(Rule::fault);
    }

    /** Adds the matching gates to the response. */
    void hold(Answer answer, Recorded request) {
        gates.stream().filter(held -> held.match.matches(request)).forEach(held -> held.hold.bend(answer, request));
    }

    /** Removes the rules and opens the gates. */
    void clear() {
        rules.clear();
        gates.forEach(held -> held.gate.release());
        onceOnly.forEach(Gate::release);
    }
}
