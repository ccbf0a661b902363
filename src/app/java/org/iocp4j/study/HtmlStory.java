package org.iocp4j.study;

import org.iocp4j.html.HtmlText;

/**
 * What the page tells whatever was run: what a completion port is, before the experiments, and what to do, after them.
 * What it claims of Windows is tagged by how it is known.
 */
final class HtmlStory {
    /** Titles and anchors of the sections before the experiments. */
    static final String[][] BEFORE = {
        {"port", "What a completion port is"}, {"reuse", "Using a socket again"},
                {"key", "The key, and how it goes wrong"},
    };
    static final String[][] AFTER = {{"advice", "What to do"}, {"known", "How each claim is known"}};

    private static final String OPENING = """
            <section id="port"><h2>What a completion port is</h2>
            <p>With <code>select</code> or <code>epoll</code> a program asks which sockets are ready, and then reads or
            writes. On Windows it can do it the other way round: it <em>posts</em> an operation – receive into this
            buffer, send these bytes, accept a connection – and goes on. When the operation is over, Windows puts a
            <em>completion packet</em> into a queue, the <em>completion port</em>, and some thread of the program takes
            it out. So a few threads can serve thousands of sockets.</p>
            <p>All sockets share that queue, so each packet must say whose it is. It brings back two things that the
            program itself gave: {doc}</p>
            <div class="pair">
            <div><h3>The completion key</h3><p>A number, given <strong>once per socket</strong>, when
            <code>CreateIoCompletionPort</code> ties the socket to the port. Every packet of the socket carries it from
            then on.</p></div>
            <div><h3>The OVERLAPPED</h3><p>A small structure, given <strong>with every operation</strong>. The packet
            carries its address. Programs put fields of their own behind it.</p></div>
            </div></section>
            <section id="reuse"><h2>Using a socket again</h2>
            <p>A server that is busy with short connections makes and closes a socket for each. Windows lets it keep
            them: <code>DisconnectEx</code> with <code>TF_REUSE_SOCKET</code> ends the connection but not the socket,
            and <code>AcceptEx</code> can take that socket for the next client. {doc}</p>
            <p>Two lives, then, that are no longer the same length. A <em>session</em> is one connection's life. A
            <em>socket</em> is the handle, and outlives it; the first connection is its <em>generation</em> 1, the next
            its generation 2, and so on.</p></section>
            <section id="key"><h2>The key, and how it goes wrong</h2>
            <p>Most examples make the session's address the completion key: a packet comes, the key is the session,
            done. That is right as long as every session has a socket of its own. A socket that is used again brings its
            key along from the first time: a handle stays with its port until it is closed {doc}, and a second
            association fails with error 87 {rep}.</p>
            <figure class="wide"><figcaption>An example, drawn by hand. The socket has its second session, and its
            packets still carry the key of the first.</figcaption>
            <div class="timeline"><svg class="lanes" width="76" height="78" aria-hidden="true">
            <text class="lane" x="0" y="34">socket 880</text><text class="key" x="0" y="49">key 7</text></svg>
            <div class="scroll" tabindex="0" role="region" aria-label="Picture: the bug"><svg class="plot" width="640"
            height="78" role="img" aria-labelledby="bug-t bug-d"><title id="bug-t">The bug</title><desc
            id="bug-d">Socket 880 has session 7 first and session 12 later. It was tied to the port with key 7. The
            packets of session 12 carry key 7 too, and so name session 7, which is over.</desc>
            <line class="rail" x1="0" y1="34" x2="640" y2="34"/>
            <rect class="bar" x="14" y="24" width="226" height="20" rx="4"/><text class="session" x="15" y="19">session
            7, generation 1</text><circle class="right" cx="70" cy="34" r="5"/><text x="80" y="38">recv</text><circle
            class="right" cx="140" cy="34" r="5"/><text x="150" y="38">send</text>
            <text class="key" x="248" y="28">DisconnectEx,</text><text class="key" x="248" y="48">then AcceptEx</text>
            <rect class="bar" x="340" y="24" width="286" height="20" rx="4"/><rect class="wrongbar" x="340" y="24"
            width="286" height="20" rx="4" fill="url(#hatch)"/><text class="session" x="341" y="19">session 12,
            generation 2</text> <path class="names" d="M540 58 H127 V46 m-3 4 l3 -4 l3 4"/><path class="names" d="M420
            34 V58 M540 34 V58"/> <path class="wrong" d="M420 28 L426 34 L420 40 L414 34 Z"/><text x="432"
            y="38">recv</text> <path class="wrong" d="M540 28 L546 34 L540 40 L534 34 Z"/><text x="552"
            y="38">send</text> <text class="red" x="160" y="73">their key names session 7, which is
            over</text></svg></div></div></figure> <p>What a program does with such a packet depends on what lies at
            that address by then: a session that is deleted, a stranger's, or by chance the right one. The experiments
            show each of these.</p></section>
            """;

    private static final String CLOSING = """
            <section id="advice"><h2>What to do</h2>
            <ol class="text">
            <li><strong>Find the session through the OVERLAPPED.</strong> Put it into the structure around it before
            each post, and read it from there for every kind of packet: accept, receive, send and disconnect.</li>
            <li><strong>Put an id there, not an address:</strong> a place in a table and a serial number that no other
            session ever gets. An address may belong to somebody else by the time the packet is handled; an id is simply
            not found.</li> <li><strong>Let the key say nothing of sessions.</strong> Make it 0, or what kind of handle
            this is, or the number of the socket; never anything that lives shorter than the socket.</li>
            <li><strong>Associate a socket once,</strong> when it is first used.</li>
            <li><strong>Count what is out.</strong> An operation's memory is the kernel's from the post to the packet.
            Delete a session, and give its socket on, when its count is 0 and not before.</li>
            <li><strong>Bound the wait for DisconnectEx.</strong> On Windows TIME_WAIT or a silent peer may delay it
            {doc}. After the bound: <code>closesocket</code>, and a new socket in its place.</li>
            </ol></section>
            """;

    private static final String KNOWN = """
            <section id="known"><h2>How each claim is known</h2>
            <p>Wine is not Windows, and a simulation is neither. So each claim here has a tag:</p>
            <ul class="text">
            <li><span class="tag wine">measured under Wine</span> the experiment ran, with a Windows JDK, on Wine's own
            implementation of these calls. Rates and times are Wine's: good for ratios, no figures of Windows.</li>
            <li><span class="tag simulated">simulated from the documentation</span> it ran on a kernel in memory that
            follows Windows' documentation. It shows what the rules lead to, and proves nothing of Windows.</li>
            <li><span class="tag windows">measured on Windows</span> it ran there.</li>
            <li>{todo} nobody has run this experiment on Windows, as far as this page knows.</li>
            <li>{doc} by Microsoft. {rep} by people who ran into it, in public.</li>
            </ul>
            """;

    private static final String DOCUMENTED = "<span class=\"tag\">documented</span>";
    private static final String REPORTED = "<span class=\"tag\">reported</span>";

    private HtmlStory() {
    }

    static String opening() {
        return tagged(OPENING);
    }

    static String advice() {
        return tagged(CLOSING);
    }

    /** Its section is left open, for what is known of this run. */
    static String known() {
        return tagged(KNOWN);
    }

    /** Escaped; the marks that say how a part of it is known become the page's own tags. */
    static String claim(String text) {
        return HtmlText.escape(text).replace("[doc]", DOCUMENTED).replace("[rep]", REPORTED);
    }

    /** With a tag in place of each {@code {doc}}, {@code {rep}} and {@code {todo}}. */
    private static String tagged(String text) {
        return text.replace("{doc}", DOCUMENTED)
                .replace("{rep}", REPORTED)
                .replace("{todo}", HtmlExperiment.NOT_YET);
    }
}
