/** A client that is to be tested. */
module example.client {
    exports example.client;
}
