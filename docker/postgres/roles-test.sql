-- Only for throw-away test servers, after roles.sql: the owner makes the test databases, and they inherit the grants.
ALTER ROLE portal_owner CREATEDB;
\connect template1
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO portal_app;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner GRANT USAGE, SELECT ON SEQUENCES TO portal_app;
