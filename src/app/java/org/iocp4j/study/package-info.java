/**
 * The completion-key bug, examined: small programs over {@code port} and {@code win32} that each state a question, do
 * the thing, and show what came of it.
 *
 * <h2>The bug in four sentences</h2>
 * A socket is associated with a completion port once, with a number of the program's choice, the completion key, and
 * that key rides on every packet of the socket from then on. A server that puts the address of its session there is
 * right as long as each connection has a socket of its own. When a socket is disconnected and used again, it keeps its
 * first key, and a second association is refused. So packets name a session that is over, or a stranger in its place;
 * the session must travel in the OVERLAPPED of the operation instead.
 *
 * <h2>To add an experiment</h2>
 * Write one class that implements {@link org.iocp4j.study.Experiment}, and add it to the list in
 * {@link org.iocp4j.study.Study}. Command, JSON, {@code --expect} and the simulated system come with that.
 *
 * {@snippet lang=java :
 * final class FirstKey implements Experiment {
 *     public String name() {
 *         return "first-key";
 *     }
 *
 *     public String question() {
 *         return "Which key does a packet carry on a socket's second connection?";
 *     }
 *
 *     public Finding run(Lab lab) throws IOException, TimeoutException {
 *         Finding.Builder finding = Finding.builder();
 *         if (!lab.requiresReuse(finding)) {
 *             return finding.notPossible();
 *         }
 *         LabPort port = lab.port();
 *         LabListener listener = lab.listen(port, 0);
 *         LabSocket socket = lab.socket();
 *         Peer first = listener.connect(socket, 1);       // session 1
 *         socket.associate(port, 1);                      // key 1
 *         first.closeByFin();
 *         socket.disconnect(1);                           // DisconnectEx(TF_REUSE_SOCKET)
 *         port.await(socket.operation(Kind.DISCONNECT));
 *         Peer second = listener.connect(socket, 2);      // session 2 on the same socket
 *         socket.send(2, (byte) 42);
 *         Packet packet = port.await(socket.operation(Kind.SEND));
 *         finding.evidence("key %d, session in the OVERLAPPED %d", packet.key(), packet.session());
 *         return finding.verdict(packet.key() == 1 ? Verdict.SEEN : Verdict.NOT_SEEN);
 *     }
 * }
 * }
 *
 * An experiment runs on one thread, waits for nothing longer than {@link org.iocp4j.study.Lab#BOUND_MILLIS}, and closes
 * nothing that it took from its {@link org.iocp4j.study.Lab}: the lab does. Whatever it prints is in its
 * {@link org.iocp4j.study.Finding}. The same code runs on Windows, under Wine and on the simulated kernel; where a rule
 * of one platform makes it impossible, the verdict is {@code not possible here}, with the reason and what Windows'
 * documentation says. Verdicts are the same in every run: nothing may depend on who is faster.
 *
 * <h2>How a claim is known</h2>
 * {@link org.iocp4j.study.Platform} says it for every finding: measured on Windows, measured under Wine, or simulated
 * from Windows' documentation. No finding of this package has been made on Windows yet.
 */
package org.iocp4j.study;
